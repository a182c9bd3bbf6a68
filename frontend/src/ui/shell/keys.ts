/** Keys of the whole page that belong to panels. */
import { togglePanel } from "../../state/shell";
import { PANELS } from "./panels";

/** Open or close the panel whose key this is, pressed with Shift; whether there is one. */
export function panelKey(event: KeyboardEvent): boolean {
  const panel = event.shiftKey ? PANELS.find(({ key }) => key === event.key.toUpperCase()) : undefined;
  if (panel) togglePanel(panel.id);
  return panel !== undefined;
}
