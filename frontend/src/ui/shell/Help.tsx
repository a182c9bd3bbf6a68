/** The dialog of mouse and keys. */
import { useEffect, useRef } from "preact/hooks";
import { showHelp } from "../../state/store";
import { LinkOffer } from "../Links";
import { KEYS } from "./keys";
import { PANELS } from "./panels";
import { SHELL } from "./texts";

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const panels = PANELS.map(({ key, title }): [string, string] => [SHELL.shortcut(key), title]);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-label={SHELL.helpTitle}
      onClose={() => {
        showHelp.value = false;
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "?") dialog.current?.close();
      }}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div>
        <h2>{SHELL.helpTitle}</h2>
        <dl>
          {[...KEYS, ...panels].map(([keys, what]) => (
            <div key={keys}>
              <dt>{keys}</dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <button type="button" onClick={() => dialog.current?.close()}>
          {SHELL.helpClose}
        </button>
        <LinkOffer />
      </div>
    </dialog>
  );
}
