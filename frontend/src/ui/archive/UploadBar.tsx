/** How far an upload is, and what of it was refused and why. */

import { upload, uploads } from "../../state/archive/browser";
import { SHOWN_REFUSALS, type UploadState } from "../../state/archive/uploads";
import { number, size, some, TEXT } from "./texts";

function wordsOf(state: UploadState): string {
  const files = some(state.files, "file", "files");
  if (state.state === "running") {
    const sent = `${number(state.done)} of ${files}, ${size(state.sent)} of ${size(state.bytes)}`;
    return `Uploading ${sent}`;
  }
  const end = { stopped: "Upload interrupted", cancelled: "Upload cancelled", done: "Upload finished" };
  const parts = [some(state.stored, "image stored", "images stored")];
  if (state.refusals) parts.push(`${number(state.refusals)} refused`);
  if (state.leftOut) parts.push(`${number(state.leftOut)} left out`);
  return `${end[state.state as keyof typeof end] ?? ""}: ${parts.join(", ")}`;
}

export function UploadBar() {
  const state = upload.value;
  if (!state) return null;
  const running = state.state === "running";
  return (
    <section class="upload" aria-label="Upload">
      <div class="row">
        <span role="status">{wordsOf(state)}</span>
        {running && (
          <progress
            max={1}
            value={state.bytes && state.sent < state.bytes ? state.sent / state.bytes : undefined}
            aria-label="Upload"
          />
        )}
        <span class="grow" />
        {state.state === "stopped" && (
          <button type="button" onClick={() => uploads.resume()}>
            {TEXT.retry}
          </button>
        )}
        {running || state.state === "stopped" ? (
          <button type="button" onClick={() => uploads.cancel()}>
            {TEXT.cancel}
          </button>
        ) : (
          <button type="button" onClick={() => uploads.clear()}>
            {TEXT.close}
          </button>
        )}
      </div>
      {state.unpacking && <p class="quiet">{state.unpacking}</p>}
      {state.fault && (
        <p class="fault" role="alert">
          {state.fault}
        </p>
      )}
      {state.refusals > 0 && (
        <details open={!running}>
          <summary>{some(state.refusals, "file was refused", "files were refused")}</summary>
          <ul>
            {state.refused.map((one, index) => (
              <li key={index}>
                <b>{one.name}</b>: {one.reason}
              </li>
            ))}
            {state.refusals > state.refused.length && (
              <li>{`and ${number(state.refusals - Math.min(state.refused.length, SHOWN_REFUSALS))} more`}</li>
            )}
          </ul>
        </details>
      )}
    </section>
  );
}
