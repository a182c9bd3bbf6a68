/** One view: its canvas, what lies over it, its bar. */
import { useEffect, useRef } from "preact/hooks";
import { startsPlaying, stopPlaying } from "../../state/playing";
import {
  change,
  fresh,
  models,
  pictures,
  scene,
  showLatency,
  sizes,
  stale,
  states,
  stream,
  toggleMaximized,
  type ViewName,
} from "../../state/store";
import { showCrosshair } from "../../state/viewing";
import { onPixelRatio } from "../../view/pixelRatio";
import { attach } from "../../view/pointer";
import { unproject } from "../../view/slice";
import { Corners } from "./Corners";
import { Crosshair } from "./Crosshair";
import { Latency } from "./Latency";
import { Marker } from "./Marker";
import { OVERLAYS } from "./overlays";
import { Ruler } from "./Ruler";
import { viewText } from "./texts";
import { ViewBar } from "./ViewBar";

const RESIZE_PAUSE_MS = 100;

function useStream(view: ViewName) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const surface = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = surface.current;
    if (!element || !canvas.current) return;
    const size = sizes(view);
    size.value = sizeOf(element);
    stream.open(view, canvas.current, size.value, devicePixelRatio);
    let timer = 0;
    const resizeSoon = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        const wanted = sizeOf(element);
        if (element.clientWidth === 0 || (wanted[0] === size.value[0] && wanted[1] === size.value[1])) return;
        size.value = wanted;
        stream.resize(view, wanted, devicePixelRatio);
      }, RESIZE_PAUSE_MS);
    };
    const observer = new ResizeObserver(resizeSoon);
    observer.observe(element);
    const forgetRatio = onPixelRatio(resizeSoon);
    const detach = attach({
      view,
      model: models(view),
      element,
      size: () => size.value,
      onFocus: () => {
        stream.focus(view);
        stopPlaying(view);
      },
      onToggle: () => toggleMaximized(view),
      onTap: (spot) => {
        const state = states(view).value;
        if (state?.kind === "slice" && showCrosshair.value)
          change(view, { crosshair: unproject(state, size.value, spot) });
      },
      onPlay: () => startsPlaying(view),
    });
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      forgetRatio();
      detach();
      stopPlaying(view);
      stream.close(view);
      states(view).value = null;
      pictures(view).value = null;
    };
  }, [view]);
  return { canvas, surface };
}

function sizeOf(element: HTMLElement): [number, number] {
  const ratio = devicePixelRatio;
  return [
    Math.max(16, Math.round(element.clientWidth * ratio)),
    Math.max(16, Math.round(element.clientHeight * ratio)),
  ];
}

interface PanelProps {
  view: ViewName;
  kind: string;
  shown: boolean;
  /** Its rectangle, and its colour. */
  style: Record<string, string>;
}

export function ViewPanel({ view, kind, shown, style }: PanelProps) {
  const { canvas, surface } = useStream(view);
  useEffect(() => {
    stream.show(view, shown);
    if (!shown) stopPlaying(view);
  }, [view, shown]);
  const state = states(view).value;
  const text = viewText(view, kind, state);
  const isOld =
    stale.value ||
    !fresh(view).value ||
    scene.value.status === "restarting" ||
    scene.value.status === "failed";
  return (
    <section
      class={`view view-${view}`}
      style={{ ...style, display: shown ? undefined : "none" }}
      aria-label={text.label}
    >
      <ViewBar view={view} state={state} text={text} />
      <div
        class={`surface${isOld ? " stale" : ""}`}
        ref={surface}
        tabIndex={0}
        role="application"
        aria-label={`${text.label}. ${text.keys}`}
      >
        <canvas ref={canvas} />
        {state && (
          <>
            <Crosshair view={view} state={state} />
            <Marker state={state} />
            <Ruler view={view} state={state} />
            <Corners view={view} state={state} />
          </>
        )}
        {state &&
          OVERLAYS.filter(({ kinds }) => kinds.includes(state.kind)).map(({ id, component: Drawn }) => (
            <div key={id} class="over">
              <Drawn view={view} state={state} />
            </div>
          ))}
        {showLatency.value && <Latency view={view} />}
      </div>
    </section>
  );
}
