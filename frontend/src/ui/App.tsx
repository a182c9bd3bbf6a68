/** The page: toolbar, grid of views, state line, messages; files may be dropped anywhere. */
import { useEffect, useState } from "preact/hooks";
import { filesOf } from "../net/upload";
import type { Place, Strip } from "../state/layouts";
import { loadFiles } from "../state/loads";
import {
  arrangement,
  maximized,
  openTabs,
  progress,
  scene,
  showHelp,
  showLatency,
  showLetters,
  status,
  stream,
  VIEWS,
  type ViewName,
} from "../state/store";
import { LinkOffer, LinkQuestion } from "./Links";
import { panelKey } from "./shell/keys";
import { Rail } from "./shell/Rail";
import { Sidebar } from "./shell/Sidebar";
import { Toasts } from "./Toasts";
import { Toolbar } from "./Toolbar";
import { HELP, NO_VIEWS, NOT_DRAWN, STATUS_TEXT } from "./texts";
import { ViewPanel } from "./ViewPanel";

function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName)
  )
    return;
  if (panelKey(event)) return;
  const views: Record<string, ViewName | null> = {
    "0": null,
    "1": "Red",
    "2": "1",
    "3": "Green",
    "4": "Yellow",
  };
  if (event.key in views) maximized.value = views[event.key] ?? null;
  else if (event.key === "?") showHelp.value = !showHelp.value;
  else if (event.key === "d" || event.key === "D") showLatency.value = !showLatency.value;
  else if (event.key === "l" || event.key === "L") showLetters.value = !showLetters.value;
  else if (event.key === "Escape") {
    showHelp.value = false;
    maximized.value = null;
  }
}

export function App() {
  const [dropping, setDropping] = useState(false);
  useEffect(() => {
    const onVisible = () => stream.visible(document.visibilityState === "visible");
    window.addEventListener("keydown", onKey);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      window.removeEventListener("keydown", onKey);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, []);
  const alone = scene.value.contents === "viewers";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files may be dropped anywhere; the Open button does the same
    <div
      class="page"
      onDragOver={(event) => {
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => event.relatedTarget === null && setDropping(false)}
      onDrop={(event) => {
        event.preventDefault();
        setDropping(false);
        if (event.dataTransfer) void filesOf(event.dataTransfer).then(loadFiles);
      }}
    >
      {alone ? <span /> : <Toolbar onFiles={(files) => void loadFiles(files)} />}
      <div class="body">
        {!alone && <Rail />}
        {!alone && <Sidebar />}
        <Views />
      </div>
      <footer class="status" style={alone ? { display: "none" } : {}}>
        <span class={`dot ${status.value === "open" ? scene.value.status : status.value}`} />
        <span role="status">{STATUS_TEXT[status.value === "open" ? scene.value.status : status.value]}</span>
        {progress.value && (
          <>
            <span class="progress-text">{progress.value.text}</span>
            <progress max={1} value={progress.value.fraction ?? undefined} />
          </>
        )}
      </footer>
      <Toasts />
      {dropping && <div class="drop">Drop to load</div>}
      {showHelp.value && <Help />}
      <LinkQuestion />
    </div>
  );
}

const WHOLE = { left: "0", top: "0", width: "100%", height: "100%" };

/** The views where the layout has them. Panels keep their places in the document, so that streams stay open. */
function Views() {
  const { places, strips } = arrangement.value;
  const drawn = places.filter(({ part }) => part.kind === "slice" || part.kind === "threeD");
  const hidden = VIEWS.filter((view) => drawn.every(({ part }) => part.view !== view));
  const alone = maximized.value;
  const panels = [
    ...drawn.map((place) => ({ view: place.part.view ?? "", kind: place.part.kind ?? "", place })),
    ...hidden.map((view) => ({ view, kind: view === "1" ? "threeD" : "slice", place: null })),
  ].sort((a, b) => rankOf(a.view) - rankOf(b.view) || (a.view < b.view ? -1 : 1));
  return (
    <main class="views">
      {panels.map(({ view, kind, place }) => (
        <ViewPanel
          key={view}
          view={view}
          kind={kind}
          shown={alone ? view === alone : place !== null}
          style={alone || !place ? WHOLE : { ...rectangle(place), ...colorOf(place) }}
        />
      ))}
      {!alone &&
        places
          .filter((place) => !drawn.includes(place))
          .map((place) => (
            <p key={place.part.view} class="view not-drawn" style={rectangle(place)}>
              {NOT_DRAWN[place.part.kind ?? ""] ?? place.part.view}
            </p>
          ))}
      {!alone && strips.map((strip) => <Tabs key={strip.key} strip={strip} />)}
      {!alone && places.length === 0 && <p class="hint">{NO_VIEWS}</p>}
    </main>
  );
}

/** The usual views first, in reading order, whatever the layout. */
function rankOf(view: string): number {
  const rank = VIEWS.indexOf(view);
  return rank < 0 ? VIEWS.length : rank;
}

/** A place's edges; each tab strip above takes its height from it. */
function rectangle(place: Place | Strip): Record<string, string> {
  const strips = `${place.below} * var(--strip)`;
  const edges = { left: `${place.left}%`, top: `calc(${place.top}% + ${strips})`, width: `${place.width}%` };
  return "height" in place ? { ...edges, height: `calc(${place.height}% - ${strips})` } : edges;
}

function colorOf({ part }: Place): Record<string, string> {
  return part.color ? { "--color": part.color } : {};
}

function Tabs({ strip }: { strip: Strip }) {
  return (
    <div class="tabs" role="tablist" style={rectangle(strip)}>
      {strip.tabs.map((tab, index) => (
        <button
          key={tab.view}
          type="button"
          role="tab"
          aria-selected={index === strip.open}
          style={tab.color ? { "--color": tab.color } : {}}
          onClick={() => {
            openTabs.value = { ...openTabs.value, [strip.key]: index };
          }}
        >
          {tab.view}
        </button>
      ))}
    </div>
  );
}

function Help() {
  return (
    <dialog class="help" open aria-label="Help">
      <h2>Mouse and keys</h2>
      <dl>
        {HELP.map(([keys, what]) => (
          <div key={keys}>
            <dt>{keys}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => (showHelp.value = false)}>
        Close
      </button>
      <LinkOffer />
    </dialog>
  );
}
