/** What the server could not load while nobody waited for it, as at its start: names and reasons, until they are dismissed. */
import { dismissFaults } from "../../state/loads";
import { scene } from "../../state/store";
import { SHELL } from "./texts";

/** Some reasons begin with the name, which stands before them already. */
const withoutName = (why: string, what: string) =>
  why.startsWith(`${what} `) ? why.slice(what.length + 1) : why;

/** The list with its buttons, for a strip of its own and for the card of an empty scene; nothing where all was loaded. */
export function LoadFaults() {
  const faults = scene.value.load_faults;
  if (faults.length === 0) return null;
  return (
    <section class="load-faults" aria-label={SHELL.notLoadedTitle}>
      <div class="title">
        <strong>{SHELL.notLoadedTitle}</strong>
        {faults.length > 1 && (
          <button type="button" onClick={() => void dismissFaults(faults.map(({ id }) => id))}>
            {SHELL.dismissAll}
          </button>
        )}
      </div>
      <div role="status">
        <ul>
          {faults.map(({ id, what, why }) => (
            <li key={id}>
              <span>
                <b>{what}</b> <span class="why">{withoutName(why, what)}</span>
              </span>
              <button
                type="button"
                class="icon"
                aria-label={SHELL.dismissWhat(what)}
                title={SHELL.dismiss}
                onClick={() => void dismissFaults([id])}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
