/** Keys of the whole page that belong to panels. */
import { togglePanel } from "../../state/shell";
import { TOOL_KEYS } from "../panels/tools/texts";
import { PANELS } from "./panels";
import { HELP } from "./texts";

/** Mouse and keys that the help shows: `[keys, what they do]`. Parts of the viewer add theirs when they are loaded. */
export const KEYS: [string, string][] = [...HELP, ...TOOL_KEYS];

/** Open or close the panel whose key this is, pressed with Shift; whether there is one. */
export function panelKey(event: KeyboardEvent): boolean {
  const panel = event.shiftKey ? PANELS.find(({ key }) => key === event.key.toUpperCase()) : undefined;
  if (panel) togglePanel(panel.id);
  return panel !== undefined;
}
