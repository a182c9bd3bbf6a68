/** The entry of the segmentation panel in the rail. */
import type { Panel } from "../../shell/panels";

export const segmentationPanel: Panel = {
  id: "segmentation",
  title: "Segment",
  icon: "M4 9c0-3 3-6 7-5s3 4 6 4 4 3 3 6-4 7-8 6-8-6-8-11zM9 10l6 6",
  key: "S",
  load: () => import("./SegmentationPanel").then((module) => module.SegmentationPanel),
};
