/** Where views lie: the server tells it as a tree (docs/stream.md, `composition`), here it becomes rectangles of the page. */
import type { LayoutPart } from "../net/protocol";

/** The layouts of the menu; the server knows all of Slicer's. */
export const LAYOUTS: { name: string; label: string }[] = [
  { name: "FourUp", label: "Four-up" },
  { name: "Conventional", label: "Conventional" },
  { name: "ConventionalWidescreen", label: "Widescreen" },
  { name: "SideBySide", label: "Side by side" },
  { name: "OneUpRedSlice", label: "Axial only" },
  { name: "OneUpYellowSlice", label: "Sagittal only" },
  { name: "OneUpGreenSlice", label: "Coronal only" },
  { name: "OneUp3D", label: "3D only" },
  { name: "Dual3D", label: "Two 3D views" },
  { name: "ThreeOverThree", label: "Three over three" },
  { name: "ThreeByThreeSlice", label: "Nine slices" },
];

export const FOUR_UP: LayoutPart = {
  split: "rows",
  parts: [
    { split: "columns", parts: [place("Red", "slice"), place("1", "threeD")] },
    { split: "columns", parts: [place("Green", "slice"), place("Yellow", "slice")] },
  ],
};

function place(view: string, kind: "slice" | "threeD"): LayoutPart {
  return { view, kind, label: view.slice(0, 1) };
}

/** A view's rectangle in percent of the grid; `below` tab strips, each of one height, it begins. */
export interface Place {
  part: LayoutPart;
  left: number;
  top: number;
  width: number;
  height: number;
  below: number;
}

/** Tabs beside each other, above the one that is open. */
export interface Strip {
  key: string;
  tabs: LayoutPart[];
  open: number;
  left: number;
  top: number;
  width: number;
  below: number;
}

export interface Arrangement {
  places: Place[];
  strips: Strip[];
}

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
  below: number;
}

/** Rectangles of a layout's views. `open` tells which tab of a strip is chosen, by the strip's key. */
export function arrange(layout: LayoutPart, open: Record<string, number> = {}): Arrangement {
  const found: Arrangement = { places: [], strips: [] };
  put(layout, { left: 0, top: 0, width: 100, height: 100, below: 0 }, open, found);
  return found;
}

function put(part: LayoutPart, box: Box, open: Record<string, number>, found: Arrangement): void {
  const parts = part.parts ?? [];
  if (part.view) found.places.push({ part, ...box });
  else if (part.split === "tabs") putTabs(parts, box, open, found);
  else {
    const whole = parts.reduce((sum, inner) => sum + (inner.share ?? 1), 0);
    let begin = 0;
    for (const inner of parts) {
      const share = (inner.share ?? 1) / whole;
      const cut =
        part.split === "columns"
          ? { ...box, left: box.left + box.width * begin, width: box.width * share }
          : { ...box, top: box.top + box.height * begin, height: box.height * share };
      put(inner, begin > 0 && part.split !== "columns" ? { ...cut, below: 0 } : cut, open, found);
      begin += share;
    }
  }
}

function putTabs(tabs: LayoutPart[], box: Box, open: Record<string, number>, found: Arrangement): void {
  const key = tabs.map((tab) => tab.view ?? "").join(" ");
  const chosen = Math.min(open[key] ?? 0, tabs.length - 1);
  const { left, top, width, below } = box;
  found.strips.push({ key, tabs, open: chosen, left, top, width, below });
  const inner = tabs[chosen];
  if (inner) put(inner, { ...box, below: below + 1 }, open, found);
}
