/** The entry of the panel of views in the rail. */
import type { Panel } from "../../shell/panels";
import { VIEWS_TEXT } from "./texts";

export const viewsPanel: Panel = {
  id: "views",
  title: VIEWS_TEXT.title,
  icon: "M3 4h18v16H3zM12 4v16M3 12h18",
  key: "V",
  load: () => import("./ViewsPanel").then((module) => module.ViewsPanel),
};
