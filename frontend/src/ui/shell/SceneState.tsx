/** What stands over the views where they do not show what is: not connected, starting, failed, nothing loaded. */
import { progress, scene, stale, status } from "../../state/store";
import { LoadFaults } from "./LoadFaults";
import { type Phase, SHELL, STATES } from "./texts";

/** Null where all is well. */
export function phase(): Phase | null {
  if (status.value !== "open") return status.value;
  if (scene.value.status !== "ready") {
    const isBusy = scene.value.status === "loading" && scene.value.volumes.length > 0;
    return isBusy ? null : scene.value.status;
  }
  if (stale.value) return "waiting";
  return scene.value.volumes.length === 0 ? "empty" : null;
}

export function SceneState() {
  const now = phase();
  if (now === null) return null;
  const isFault = now === "failed" || now === "closed";
  const { title, text } = STATES[now];
  const busy = now === "loading" || now === "starting" ? progress.value : null;
  return (
    <div class={`scene-state ${now}`} role={isFault ? "alert" : "status"}>
      <div>
        <h2>
          {!isFault && now !== "empty" && <span class="busy" aria-hidden="true" />}
          {title}
        </h2>
        {text && <p>{text}</p>}
        {busy && <p>{busy.text}</p>}
        {busy && <progress max={1} value={busy.fraction ?? undefined} aria-label={busy.text} />}
        {now === "empty" && <LoadFaults />}
        {now === "empty" && (
          <p class="row">
            <button type="button" onClick={openFiles}>
              {SHELL.open}
            </button>
            <a class="button" href="#studies">
              {SHELL.studies}
            </a>
          </p>
        )}
        {isFault && (
          <p class="row">
            <button type="button" onClick={() => location.reload()}>
              {SHELL.reload}
            </button>
            <a class="button" href="/viewer/#server">
              {SHELL.server}
            </a>
          </p>
        )}
      </div>
    </div>
  );
}

function openFiles(): void {
  document.querySelector<HTMLInputElement>("#files")?.click();
}
