/** Where views lie: the server tells it as a tree (docs/stream.md, `composition`), here it becomes rectangles of the page. */
import type { LayoutPart } from "../net/protocol";

/** The layouts of the toolbar's menu; the panel of views has all. */
export const LAYOUTS = [
  "FourUp",
  "Conventional",
  "ConventionalWidescreen",
  "SideBySide",
  "OneUpRedSlice",
  "OneUpYellowSlice",
  "OneUpGreenSlice",
  "OneUp3D",
  "Dual3D",
  "ThreeOverThree",
  "ThreeByThreeSlice",
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

/** Between two parts that lie beside each other, in percent of the grid. */
export interface Divider {
  key: string;
  /** Which part of the layout is divided, and after which of its parts. */
  path: string;
  index: number;
  split: "rows" | "columns";
  left: number;
  top: number;
  length: number;
  /** Where it is along the direction of division, and from where to where the two parts reach. */
  at: number;
  box: { from: number; to: number };
  /** Sizes of all the parts as they are now, in proportion. */
  shares: number[];
}

export interface Arrangement {
  places: Place[];
  strips: Strip[];
  dividers: Divider[];
}

/** Sizes that the user has given to parts, by the path of what they are parts of. */
export type Shares = Record<string, number[]>;

const LEAST_SHARE = 0.08;

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
  below: number;
}

/** Rectangles of a layout's views. `open` tells which tab of a strip is chosen, by the strip's key. */
export function arrange(
  layout: LayoutPart,
  open: Record<string, number> = {},
  shares: Shares = {},
): Arrangement {
  const found: Arrangement = { places: [], strips: [], dividers: [] };
  put(layout, { left: 0, top: 0, width: 100, height: 100, below: 0 }, { open, shares, path: "", found });
  return found;
}

/** The sizes of the parts beside a divider when it is moved to a share (0 to 1) of both; null gives back the layout's own. */
export function moved(divider: Divider, shares: Shares, to: number | null): Shares {
  const { [divider.path]: _gone, ...others } = shares;
  if (to === null) return others;
  const sizes = [...divider.shares];
  const both = (sizes[divider.index] ?? 1) + (sizes[divider.index + 1] ?? 1);
  const share = Math.min(Math.max(to, LEAST_SHARE), 1 - LEAST_SHARE);
  sizes[divider.index] = both * share;
  sizes[divider.index + 1] = both * (1 - share);
  return { ...others, [divider.path]: sizes };
}

interface Course {
  open: Record<string, number>;
  shares: Shares;
  path: string;
  found: Arrangement;
}

function put(part: LayoutPart, box: Box, course: Course): void {
  const parts = part.parts ?? [];
  if (part.view) course.found.places.push({ part, ...box });
  else if (part.split === "tabs") putTabs(parts, box, course);
  else {
    const kept = course.shares[course.path];
    const sizes = kept?.length === parts.length ? kept : parts.map((inner) => inner.share ?? 1);
    const whole = sizes.reduce((sum, size) => sum + size, 0);
    const split = part.split === "columns" ? "columns" : "rows";
    const ends: number[] = [0];
    for (const [index, inner] of parts.entries()) {
      const begin = ends[index] ?? 0;
      const share = (sizes[index] ?? 1) / whole;
      ends.push(begin + share);
      const cut =
        split === "columns"
          ? { ...box, left: box.left + box.width * begin, width: box.width * share }
          : { ...box, top: box.top + box.height * begin, height: box.height * share };
      const inside = { ...course, path: `${course.path}/${index}` };
      put(inner, begin > 0 && split !== "columns" ? { ...cut, below: 0 } : cut, inside);
    }
    for (let index = 0; index + 1 < parts.length; index += 1)
      course.found.dividers.push(dividerOf(split, box, course.path, index, ends, sizes));
  }
}

function dividerOf(
  split: "rows" | "columns",
  box: Box,
  path: string,
  index: number,
  ends: number[],
  shares: number[],
): Divider {
  const across = split === "columns";
  const from = across ? box.left : box.top;
  const size = across ? box.width : box.height;
  const [begin = 0, middle = 0, end = 1] = ends.slice(index, index + 3);
  const at = from + size * middle;
  return {
    key: `${path} ${index}`,
    path,
    index,
    split,
    left: across ? at : box.left,
    top: across ? box.top : at,
    length: across ? box.height : box.width,
    at,
    box: { from: from + size * begin, to: from + size * end },
    shares,
  };
}

function putTabs(tabs: LayoutPart[], box: Box, course: Course): void {
  const { open, found } = course;
  const key = tabs.map((tab) => tab.view ?? "").join(" ");
  const chosen = Math.min(open[key] ?? 0, tabs.length - 1);
  const { left, top, width, below } = box;
  found.strips.push({ key, tabs, open: chosen, left, top, width, below });
  const inner = tabs[chosen];
  if (inner) put(inner, { ...box, below: below + 1 }, { ...course, path: `${course.path}/${chosen}` });
}
