/** The data panel's entry in the rail. */
import type { Panel } from "../../shell/panels";
import { DATA } from "./texts";

export const dataPanel: Panel = {
  id: "data",
  title: DATA.title,
  icon: "M4 5h6M4 5v14M4 12h6M4 19h6M13 3h7v4h-7zM13 10h7v4h-7zM13 17h7v4h-7z",
  key: "D",
  load: () => import("./DataPanel").then((module) => module.DataPanel),
};
