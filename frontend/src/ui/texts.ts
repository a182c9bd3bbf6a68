/** The page's words, in one place for translation. */

const SLICE_KEYS = "Arrow keys scroll, plus and minus zoom, R fits, Enter maximises.";

interface ViewText {
  title: string;
  label: string;
  keys: string;
}

const TURN_KEYS = "Arrow keys turn, plus and minus zoom, R shows all, Enter maximises.";

const USUAL: Record<string, ViewText> = {
  Red: { title: "Axial", label: "Axial slice", keys: SLICE_KEYS },
  Yellow: { title: "Sagittal", label: "Sagittal slice", keys: SLICE_KEYS },
  Green: { title: "Coronal", label: "Coronal slice", keys: SLICE_KEYS },
  "1": { title: "3D", label: "3D view", keys: TURN_KEYS },
};

/** How a view is called; others than the usual four by the names that Slicer gives them. */
export function viewText(view: string, kind: string): ViewText {
  const usual = USUAL[view];
  if (usual) return usual;
  if (kind === "threeD") return { title: `3D ${view}`, label: `3D view ${view}`, keys: TURN_KEYS };
  return { title: view, label: `Slice view ${view}`, keys: SLICE_KEYS };
}

/** What stands where a view is that is not drawn. */
export const NOT_DRAWN: Record<string, string> = {
  table: "A table, which is not shown here",
  plot: "A plot, which is not shown here",
};
export const NO_VIEWS = "This layout has no views of the scene";

export const DIRECTIONS = [
  { letter: "A", label: "Look from anterior" },
  { letter: "P", label: "Look from posterior" },
  { letter: "R", label: "Look from the right" },
  { letter: "L", label: "Look from the left" },
  { letter: "S", label: "Look from superior" },
  { letter: "I", label: "Look from inferior" },
];

export const STATUS_TEXT: Record<string, string> = {
  connecting: "Connecting…",
  open: "Connected",
  lost: "Connection lost, trying again…",
  closed: "Disconnected",
  starting: "The scene starts…",
  loading: "Loading…",
  ready: "Ready",
  restarting: "The scene restarts…",
  failed: "The scene keeps failing",
};

export const WINDOWS = [
  { name: "Lung", window: 1500, level: -600 },
  { name: "Bone", window: 1500, level: 300 },
  { name: "Soft tissue", window: 400, level: 40 },
  { name: "Brain", window: 80, level: 40 },
];

export const HELP: [string, string][] = [
  ["Wheel", "scroll slices; zoom in 3D"],
  ["Left drag", "window and level; rotate in 3D"],
  ["Shift + left drag, middle drag", "pan"],
  ["Right drag, Ctrl + wheel", "zoom"],
  ["Double click, Enter", "maximise or restore a view"],
  ["Arrows, Page up/down", "scroll; turn in 3D"],
  ["+ and −", "zoom"],
  ["R", "fit"],
  ["1 2 3 4", "maximise axial, 3D, coronal, sagittal; 0 restores"],
  ["L", "orientation letters"],
  ["D", "latency"],
  ["?", "this help"],
];
