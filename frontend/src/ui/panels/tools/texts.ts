/** The tools' words, in one place for translation. */
import type { MarkupKind, Vector3 } from "../../../net/protocol";
import type { DragMode } from "../../../state/tools/tools";

export const TOOLS = {
  title: "Tools",
  drag: "Left drag",
  usual: "Usual",
  usualHint: "A mouse or pen windows, a finger scrolls; shift pans, the right button zooms",
  probe: "Probe",
  probeHint: "Show value, position and voxel under the pointer",
  place: "Measure and mark",
  goesOn: "Keep the tool after placing",
  depth: "ROI depth",
  depths: { slice: "one slice", cube: "as its shorter side" },
  window: "Window and level",
  auto: "Auto",
  width: "Window",
  level: "Level",
  noWindow: "Load a volume to set its window.",
  slab: "Thick slab",
  view: "View",
  allViews: "All slices",
  mode: "Mode",
  thickness: "Thickness, mm",
  linked: "Link the slice views",
  linkedHint: "Volumes, zoom, slab and planes of the same orientation follow each other",
  markups: "Markups",
  turn: "Turn",
  none: "Nothing is marked yet. Choose a tool above and click into a view.",
  others: (count: number) => `and ${count} more, which the data panel finds`,
  show: (name: string) => `Show ${name}`,
  hide: (name: string) => `Hide ${name}`,
  lock: (name: string) => `Lock ${name} against dragging`,
  unlock: (name: string) => `Unlock ${name}`,
  remove: (name: string) => `Delete ${name}`,
  choose: "Choose",
  goTo: "Go to",
  goToHint: "Show it in all slices",
  name: "Name",
  color: "Colour",
  opacity: "Opacity",
  size: "Size, mm",
  axes: ["right–left", "back–front", "down–up"],
  axis: (n: number) => `Length along axis ${n + 1}, mm`,
  points: "Control points, mm",
  coordinate: (label: string, axis: string) => `${label}: ${axis}, mm`,
  removePoint: (label: string) => `Remove ${label}`,
  more: (count: number) => `${count} control points, too many to list`,
  statistics: "Statistics",
  measuring: "Counting voxels…",
  inVolume: (name: string) => `in ${name}`,
  mean: "Mean",
  sd: "SD",
  min: "Min",
  max: "Max",
  count: "Voxels",
  area: "Area",
  volume: "Volume",
  empty: "No voxel of the volume lies within.",
  again: "Count again",
  crop: "Crop the volume rendering",
  copy: "Copy all as a table",
  copied: "The table is in the clipboard.",
  notCopied: "The browser does not let pages write to the clipboard here.",
  columns: ["Name", "Kind", "Measure", "Value", "Unit", "R", "A", "S"],
  undo: (text?: string) => (text ? `Undo: ${text} (Ctrl+Z)` : "Nothing to undo (Ctrl+Z)"),
  redo: (text?: string) => (text ? `Redo: ${text} (Ctrl+Shift+Z)` : "Nothing to redo (Ctrl+Shift+Z)"),
  undoShort: "Undo",
  redoShort: "Redo",
  outside: "outside",
  placingWith: (kind: string) => `Placing: ${kind}`,
  stop: "Stop (Escape)",
};

export const TOOL_KEYS: [string, string][] = [
  ["Ctrl + Z, Ctrl + Shift + Z", "undo, redo"],
  ["Escape", "give up what is placed; put the tool away"],
  ["Delete", "remove the chosen point or markup"],
  ["Alt + arrows", "move the chosen point or markup by a pixel"],
  ["Alt + Shift + ← →", "turn the chosen ROI or plane by a degree"],
  ["Arrows, Enter", "with a tool: move the place, put a point there"],
];

export const KINDS: Record<MarkupKind, { title: string; icon: string; hint: string }> = {
  points: {
    title: "Points",
    icon: "M12 5v14M5 12h14M12 12m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0",
    hint: "Click to add points to the chosen list, or to a new one. Escape ends.",
  },
  line: {
    title: "Distance",
    icon: "M5 19L19 5M3.5 17.5l3 3M17.5 3.5l3 3",
    hint: "Click both ends, or drag from one to the other. Escape gives up.",
  },
  angle: {
    title: "Angle",
    icon: "M20 19H5L16 5M11 19a6 6 0 0 0 -2.4 -4.8",
    hint: "Click an end, the corner, the other end. Escape gives up.",
  },
  curve: {
    title: "Curve",
    icon: "M4 18c4 -14 7 4 10 -4s3 -8 6 -8",
    hint: "Click point by point or draw freely; double click or Enter ends.",
  },
  closedCurve: {
    title: "Outline",
    icon: "M12 4c6 0 9 4 8 8s-6 3 -7 6s-8 2 -9 -3s2 -11 8 -11z",
    hint: "Click around the region or draw freely; double click or Enter closes it and counts its voxels.",
  },
  plane: {
    title: "Plane",
    icon: "M3 15L9 6h12l-6 9z",
    hint: "Drag a rectangle in a slice, or click in 3D. Escape gives up.",
  },
  roi: {
    title: "ROI",
    icon: "M4 8l8 -4l8 4v8l-8 4l-8 -4zM4 8l8 4l8 -4M12 12v8",
    hint: "Drag a rectangle in a slice: its voxels are counted. Pull its sides in any view. Escape gives up.",
  },
};

export const MODES: Record<DragMode, { title: string; icon: string }> = {
  window: { title: "Window", icon: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16M12 8h6M12 12h8M12 16h6" },
  scroll: { title: "Scroll", icon: "M12 4v16M8 8l4 -4l4 4M8 16l4 4l4 -4" },
  pan: { title: "Pan", icon: "M12 3v18M3 12h18M9 6l3 -3l3 3M9 18l3 3l3 -3M6 9l-3 3l3 3M18 9l3 3l-3 3" },
  zoom: { title: "Zoom", icon: "M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0 -14M16 16l5 5M8 11h6M11 8v6" },
};

export const SLABS = [
  { mode: "off", title: "Off" },
  { mode: "mip", title: "Maximum (MIP)" },
  { mode: "mean", title: "Mean" },
  { mode: "minip", title: "Minimum (MinIP)" },
  { mode: "sum", title: "Sum" },
] as const;

export const MEASURES: Record<string, string> = {
  length: "length",
  angle: "angle",
  area: "area",
  volume: "volume",
};

/** A measured value in words: mm, mm2, mm3, deg. */
export function measured(value: number, units: string): string {
  switch (units) {
    case "mm":
      return `${value.toFixed(value < 10 ? 2 : 1)} mm`;
    case "mm2":
      return value < 1000 ? `${value.toFixed(1)} mm²` : `${(value / 100).toFixed(1)} cm²`;
    case "mm3":
      return value < 1000 ? `${value.toFixed(1)} mm³` : `${(value / 1000).toFixed(1)} cm³`;
    case "deg":
      return `${value.toFixed(1)}°`;
    default:
      return `${value}`;
  }
}

/** A voxel's value: whole numbers as they are, others with two places. */
export function voxelValue(value: number, units = ""): string {
  return `${Number.isInteger(value) ? value : value.toFixed(2)}${units ? ` ${units}` : ""}`;
}

/** A place in the patient, with the letter of the side that each number points to. */
export function place([r, a, s]: Vector3): string {
  const side = (value: number, plus: string, minus: string) =>
    `${value < 0 ? minus : plus} ${Math.abs(value).toFixed(1)}`;
  return `${side(r, "R", "L")}  ${side(a, "A", "P")}  ${side(s, "S", "I")} mm`;
}
