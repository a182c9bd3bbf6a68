/** Layouts of views by Slicer's names: areas of a CSS grid, row by row. */
import type { ViewName } from "./store";

export interface Layout {
  name: string;
  label: string;
  rows: ViewName[][];
}

export const LAYOUTS: Layout[] = [
  {
    name: "FourUp",
    label: "Four-up",
    rows: [
      ["Red", "1"],
      ["Green", "Yellow"],
    ],
  },
  {
    name: "Conventional",
    label: "Conventional",
    rows: [
      ["1", "1", "1"],
      ["Red", "Green", "Yellow"],
    ],
  },
  { name: "SideBySide", label: "Side by side", rows: [["Red", "Yellow"]] },
  { name: "OneUpRedSlice", label: "Axial only", rows: [["Red"]] },
  { name: "OneUpYellowSlice", label: "Sagittal only", rows: [["Yellow"]] },
  { name: "OneUpGreenSlice", label: "Coronal only", rows: [["Green"]] },
  { name: "OneUp3D", label: "3D only", rows: [["1"]] },
];

/** Grid area name of a view; CSS names may not begin with a digit. */
export const areaOf = (view: ViewName): string => `v${view}`;

export function gridOf(layout: Layout, maximized: ViewName | null): { areas: string; shown: Set<ViewName> } {
  const rows = maximized ? [[maximized]] : layout.rows;
  return {
    areas: rows.map((row) => `"${row.map(areaOf).join(" ")}"`).join(" "),
    shown: new Set(rows.flat()),
  };
}
