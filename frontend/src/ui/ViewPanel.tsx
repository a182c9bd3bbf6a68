/** One view: its canvas, the words and letters over it, its slider. */
import { useEffect, useRef } from "preact/hooks";
import { COARSE, LOSSLESS, type SliceState, STILL, type ViewState } from "../net/protocol";
import {
  change,
  models,
  pictures,
  scene,
  showLatency,
  showLetters,
  stale,
  states,
  stream,
  toggleMaximized,
  type ViewName,
} from "../state/store";
import { attach, reset } from "../view/pointer";
import { Latency } from "./Latency";
import { DIRECTIONS, viewText } from "./texts";
import { OVERLAYS } from "./views/overlays";

const RESIZE_PAUSE_MS = 100;

function useStream(view: ViewName) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const surface = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = surface.current;
    if (!element || !canvas.current) return;
    let size: [number, number] = sizeOf(element);
    stream.open(view, canvas.current, size, devicePixelRatio);
    let timer = 0;
    const observer = new ResizeObserver(() => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        const wanted = sizeOf(element);
        if (element.clientWidth === 0 || (wanted[0] === size[0] && wanted[1] === size[1])) return;
        size = wanted;
        stream.resize(view, size, devicePixelRatio);
      }, RESIZE_PAUSE_MS);
    });
    observer.observe(element);
    const detach = attach({
      view,
      model: models(view),
      element,
      size: () => size,
      onFocus: () => stream.focus(view),
      onToggle: () => toggleMaximized(view),
    });
    return () => {
      observer.disconnect();
      detach();
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
  const text = viewText(view, kind);
  const { canvas, surface } = useStream(view);
  useEffect(() => stream.show(view, shown), [view, shown]);
  const state = states(view).value;
  const empty = scene.value.status === "ready" && scene.value.volumes.length === 0;
  return (
    <section
      class={`view view-${view}`}
      style={{ ...style, display: shown ? undefined : "none" }}
      aria-label={text.label}
    >
      <header class="view-bar">
        <span class="view-name">{text.title}</span>
        {state?.kind === "slice" && <Slider view={view} state={state} />}
        {state?.kind === "threeD" && <Directions view={view} />}
        <button
          type="button"
          class="icon"
          title="Fit the view (R)"
          aria-label="Fit the view"
          onClick={() => reset(models(view))}
        >
          ⤢
        </button>
        <button
          type="button"
          class="icon"
          title="Maximise or restore (Enter)"
          aria-label="Maximise or restore the view"
          onClick={() => toggleMaximized(view)}
        >
          ▢
        </button>
      </header>
      <div
        class={`surface${stale.value ? " stale" : ""}`}
        ref={surface}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the view itself takes keys
        tabIndex={0}
        role="application"
        aria-label={`${text.label}. ${text.keys}`}
      >
        <canvas ref={canvas} />
        {state && <Overlay view={view} state={state} />}
        {state &&
          OVERLAYS.filter(({ kinds }) => kinds.includes(state.kind)).map(({ id, component: Drawn }) => (
            <div key={id} class="over">
              <Drawn view={view} state={state} />
            </div>
          ))}
        {empty && kind === "slice" && <p class="hint">Drop a scan here</p>}
        {stale.value && <p class="hint">Waiting for the server…</p>}
        {showLatency.value && <Latency view={view} />}
      </div>
    </section>
  );
}

function Slider({ view, state }: { view: ViewName; state: SliceState }) {
  const range = state.offset_range;
  if (!range) return <span class="grow" />;
  return (
    <>
      <input
        class="grow"
        type="range"
        min={range[0]}
        max={range[1]}
        step="any"
        value={state.offset}
        aria-label={`${viewText(view, "slice").label}: position in mm`}
        onInput={(event) => change(view, { offset: Number(event.currentTarget.value) })}
      />
      <output class="mm">{state.offset.toFixed(1)} mm</output>
    </>
  );
}

function Directions({ view }: { view: ViewName }) {
  return (
    <fieldset class="grow directions" aria-label="Look from">
      {DIRECTIONS.map(({ letter, label }) => (
        <button
          key={letter}
          type="button"
          class="icon"
          title={label}
          aria-label={label}
          onClick={() => change(view, { look_from: letter })}
        >
          {letter}
        </button>
      ))}
    </fieldset>
  );
}

function Overlay({ view, state }: { view: ViewName; state: ViewState }) {
  const picture = pictures(view).value;
  const flags = picture?.flags ?? 0;
  const mark = flags & LOSSLESS ? "exact" : flags & COARSE ? "draft" : flags & STILL ? "sharp" : "moving";
  if (state.kind === "threeD") return <span class="corner bottom-right">{picture ? mark : ""}</span>;
  const { edges } = state;
  return (
    <>
      {showLetters.value && (
        <div class="letters" aria-hidden="true">
          <span class="left">{edges.left}</span>
          <span class="right">{edges.right}</span>
          <span class="top">{edges.top}</span>
          <span class="bottom">{edges.bottom}</span>
        </div>
      )}
      <span class="corner top-left">{state.background?.name ?? ""}</span>
      {state.window !== null && state.level !== null && (
        <span class="corner bottom-left">
          W {Math.round(state.window)} L {Math.round(state.level)}
        </span>
      )}
      <span class="corner bottom-right">{picture ? mark : ""}</span>
    </>
  );
}
