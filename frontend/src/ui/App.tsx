/** The page: toolbar, grid of views, state line, messages; files may be dropped anywhere. */
import { useEffect, useState } from "preact/hooks";
import { filesOf } from "../net/upload";
import { toggleCrosshair } from "../state/crosshair";
import { loadFiles } from "../state/loads";
import { maximized, progress, scene, showHelp, showLatency, stale, status, stream } from "../state/store";
import { showCorners, showLetters, showMarker, showRuler } from "../state/viewing";
import { LinkQuestion } from "./Links";
import { Help } from "./shell/Help";
import { panelKey } from "./shell/keys";
import { LoadFaults } from "./shell/LoadFaults";
import { Rail } from "./shell/Rail";
import { phase } from "./shell/SceneState";
import { Sidebar } from "./shell/Sidebar";
import { SHELL } from "./shell/texts";
import { Toasts } from "./Toasts";
import { Toolbar } from "./Toolbar";
import { STATUS_TEXT } from "./texts";
import { Views } from "./views/Views";

/** What a key switches on and off. */
const SWITCHES: Record<string, { value: boolean }> = {
  "?": showHelp,
  d: showLatency,
  l: showLetters,
  t: showCorners,
  m: showMarker,
  b: showRuler,
};
const ALONE: Record<string, string | null> = { "0": null, "1": "Red", "2": "1", "3": "Green", "4": "Yellow" };

/** Where letters are written, or choose. */
const TYPED = "input:not([type=checkbox], [type=radio], [type=range], [type=color]), select, textarea";

function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  const isTyping = target.matches(TYPED) || target.isContentEditable;
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping || event.defaultPrevented) return;
  if (panelKey(event)) return;
  const { key } = event;
  const switched = SWITCHES[key.toLowerCase()];
  if (key in ALONE) maximized.value = ALONE[key] ?? null;
  else if (switched) switched.value = !switched.value;
  else if (key.toLowerCase() === "c") toggleCrosshair();
  else if (key.toLowerCase() === "f") void toggleFullScreen();
  else if (key === "Escape") maximized.value = null;
}

async function toggleFullScreen(): Promise<void> {
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen();
  } catch {
    // the browser, or the page that frames this one, does not want it
  }
}

/** Past toolbar and panels, for those who go by Tab. */
function focusViews(): void {
  document.querySelector<HTMLElement>(".view:not([style*='none']) .surface")?.focus();
}

export function App() {
  const [dropping, setDropping] = useState(false);
  useEffect(() => {
    const onVisible = () => stream.visible(document.visibilityState === "visible");
    window.addEventListener("keydown", onKey);
    document.addEventListener("visibilitychange", onVisible);
    onVisible(); // it may have been opened in the background
    return () => {
      window.removeEventListener("keydown", onKey);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, []);
  const alone = scene.value.contents === "viewers";
  const now = status.value !== "open" ? status.value : stale.value ? "waiting" : scene.value.status;
  return (
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
      {!alone && (
        <button type="button" class="skip" onClick={focusViews}>
          {SHELL.skip}
        </button>
      )}
      <h1 class="visually-hidden">{SHELL.page}</h1>
      {alone ? <span /> : <Toolbar onFiles={(files) => void loadFiles(files)} />}
      {!alone && phase() !== "empty" && <LoadFaults />}
      <div class="body">
        {!alone && <Rail />}
        {!alone && <Sidebar />}
        <Views />
      </div>
      <footer class="status" style={alone ? { display: "none" } : {}}>
        <span class={`dot ${now}`} />
        <span role="status">{STATUS_TEXT[now]}</span>
        {progress.value && (
          <>
            <span class="progress-text">{progress.value.text}</span>
            <progress max={1} value={progress.value.fraction ?? undefined} aria-label={progress.value.text} />
          </>
        )}
      </footer>
      <Toasts />
      {dropping && <div class="drop">{SHELL.drop}</div>}
      {showHelp.value && <Help />}
      <LinkQuestion />
    </div>
  );
}
