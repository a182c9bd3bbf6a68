/** The tools' entry in the rail. */
import type { Panel } from "../../shell/panels";

export const toolsPanel: Panel = {
  id: "tools",
  title: "Tools",
  icon: "M5 19L19 5M3.5 17.5l3 3M17.5 3.5l3 3M9 12l2 2M12 9l2 2",
  key: "T",
  load: () => import("./ToolsPanel").then((module) => module.ToolsPanel),
};
