/** The page: toolbar, grid of views, state line, messages; files may be dropped anywhere. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { filesOf, uploadAndLoad } from "../net/upload";
import { gridOf, LAYOUTS } from "../state/layouts";
import {
  dismiss,
  maximized,
  progress,
  scene,
  showHelp,
  showLatency,
  showLetters,
  status,
  stream,
  toast,
  toasts,
  VIEWS,
  type ViewName,
} from "../state/store";
import { LinkOffer, LinkQuestion } from "./Links";
import { Toolbar } from "./Toolbar";
import { HELP, STATUS_TEXT } from "./texts";
import { ViewPanel } from "./ViewPanel";

export const layoutName = signal("FourUp");

async function take(files: File[]): Promise<void> {
  if (files.length === 0) return;
  const what = files.length === 1 ? (files[0]?.name ?? "") : `${files.length} files`;
  try {
    const done = await uploadAndLoad(files, (fraction) => {
      progress.value =
        fraction < 1 ? { text: `Uploading ${what}`, fraction } : { text: `Loading ${what}`, fraction: null };
    });
    for (const warning of done.warnings) toast(warning, "warning");
    toast(done.loaded.length ? `Loaded ${done.loaded.map((n) => n.name).join(", ")}` : `Loaded ${what}`);
  } catch (error) {
    toast(`${what}: ${error instanceof Error ? error.message : error}`, "error");
  } finally {
    progress.value = null;
  }
}

function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName)
  )
    return;
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
  const layout = LAYOUTS.find((l) => l.name === layoutName.value) ?? LAYOUTS[0];
  if (!layout) return null;
  const { areas, shown } = gridOf(layout, maximized.value);
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
        if (event.dataTransfer) void filesOf(event.dataTransfer).then(take);
      }}
    >
      <Toolbar onFiles={(files) => void take(files)} />
      <main class="grid" style={{ gridTemplateAreas: areas }}>
        {VIEWS.map((view) => (
          <ViewPanel key={view} view={view} shown={shown.has(view)} />
        ))}
      </main>
      <footer class="status">
        <span class={`dot ${status.value === "open" ? scene.value.status : status.value}`} />
        <span role="status">{STATUS_TEXT[status.value === "open" ? scene.value.status : status.value]}</span>
        {progress.value && (
          <>
            <span class="progress-text">{progress.value.text}</span>
            <progress max={1} value={progress.value.fraction ?? undefined} />
          </>
        )}
      </footer>
      <div class="toasts" role="log" aria-live="polite">
        {toasts.value.map((t) => (
          <div key={t.id} class={`toast ${t.level}`}>
            <span>{t.text}</span>
            <button type="button" class="icon" aria-label="Dismiss" onClick={() => dismiss(t.id)}>
              ×
            </button>
          </div>
        ))}
      </div>
      {dropping && <div class="drop">Drop to load</div>}
      {showHelp.value && <Help />}
      <LinkQuestion />
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
