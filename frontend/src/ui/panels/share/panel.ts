/** The share panel's entry in the rail. */
import type { Panel } from "../../shell/panels";
import { SHARE } from "./texts";

export const sharePanel: Panel = {
  id: "share",
  title: SHARE.title,
  icon: "M18 8a3 3 0 1 0 0-6a3 3 0 0 0 0 6zM6 15a3 3 0 1 0 0-6a3 3 0 0 0 0 6zM18 22a3 3 0 1 0 0-6a3 3 0 0 0 0 6zM8.600 13.500l6.800 4M15.400 6.500l-6.800 4",
  key: "P",
  load: () => import("./SharePanel").then((module) => module.SharePanel),
};
