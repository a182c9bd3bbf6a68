/** The column of buttons that open the panels; a row at the bottom where the page is narrow. */
import { openPanel, togglePanel } from "../../state/shell";
import { Icon } from "./Icon";
import { PANELS } from "./panels";
import { SHELL } from "./texts";

export function Rail() {
  if (PANELS.length === 0) return null;
  return (
    <nav class="rail" aria-label={SHELL.panels}>
      {PANELS.map(({ id, title, icon, key }) => (
        <button
          key={id}
          type="button"
          id={`rail-${id}`}
          aria-expanded={openPanel.value === id}
          aria-controls="sidebar"
          aria-keyshortcuts={`Shift+${key}`}
          title={`${title} (${SHELL.shortcut(key)})`}
          onClick={() => togglePanel(id)}
        >
          <Icon path={icon} />
          <span>{title}</span>
        </button>
      ))}
    </nav>
  );
}
