/**
 * The panels of the sidebar. A panel is one entry of this list; its code is fetched when it is first opened, so it costs the first
 * picture nothing. Each keeps its entry in its own folder (`ui/panels/NAME/panel.ts`), without imports of what it shows.
 */
import type { ComponentType } from "preact";
import { dataPanel } from "../panels/data/panel";
import { renderingPanel } from "../panels/rendering/panel";
import { segmentationPanel } from "../panels/segmentation/panel";
import { sharePanel } from "../panels/share/panel";
import { toolsPanel } from "../panels/tools/panel";
import { viewsPanel } from "../panels/views/panel";

export interface Panel {
  /** A word for settings, links and tests. */
  id: string;
  title: string;
  /** Outline of its icon: SVG path data in a box of 24 × 24, drawn as a line 2 wide. */
  icon: string;
  /** Pressed with Shift it opens and closes the panel; one letter, upper case. */
  key: string;
  /** Fetch what it shows: `() => import("./DataPanel").then((module) => module.DataPanel)`. */
  load(): Promise<ComponentType>;
}

/** In the order of the rail. */
export const PANELS: Panel[] = [
  dataPanel,
  viewsPanel,
  toolsPanel,
  segmentationPanel,
  renderingPanel,
  sharePanel,
];

export const panelOf = (id: string): Panel | undefined => PANELS.find((panel) => panel.id === id);
