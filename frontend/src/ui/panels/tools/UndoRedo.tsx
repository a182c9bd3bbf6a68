/** Undo and redo in the toolbar. */
import { history } from "../../../state/tools/markups";
import { Icon } from "../../shell/Icon";
import { TOOLS } from "./texts";

const UNDO = "M9 7L4 12l5 5M4 12h10a6 6 0 0 1 6 6";
const REDO = "M15 7l5 5l-5 5M20 12H10a6 6 0 0 0 -6 6";

/** The tools' code is fetched after the first pictures; a click that comes earlier waits for it. */
const press = (again: boolean) => void import("../../../state/tools/start").then(({ undo }) => undo(again));

export function UndoRedo() {
  const { undo, redo } = history.value;
  return (
    <fieldset class="undo-redo" aria-label={`${TOOLS.undoShort}, ${TOOLS.redoShort}`}>
      <button
        type="button"
        class="icon"
        disabled={undo.length === 0}
        title={TOOLS.undo(undo[0])}
        aria-label={TOOLS.undo(undo[0])}
        aria-keyshortcuts="Control+Z"
        onClick={() => press(false)}
      >
        <Icon path={UNDO} />
      </button>
      <button
        type="button"
        class="icon"
        disabled={redo.length === 0}
        title={TOOLS.redo(redo[0])}
        aria-label={TOOLS.redo(redo[0])}
        aria-keyshortcuts="Control+Shift+Z"
        onClick={() => press(true)}
      >
        <Icon path={REDO} />
      </button>
    </fieldset>
  );
}
