/** The entry of the 3D panel in the rail. */
import type { Panel } from "../../shell/panels";
import { RENDERING } from "./texts";

export const renderingPanel: Panel = {
  id: "rendering",
  title: RENDERING.title,
  icon: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5",
  key: "R",
  load: () => import("./RenderingPanel").then((module) => module.RenderingPanel),
};
