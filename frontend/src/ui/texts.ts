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
  { name: "Abdomen", window: 400, level: 50 },
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

export const PANEL = {
  title: "Server",
  viewer: "Viewer",
  uptime: (seconds: number) =>
    `up ${seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`}`,
  token: "Administrator's token",
  useToken: "Use",
  doors: "Doors",
  absent: (why: string) => `Not here: ${why}`,
  withoutPages:
    "Without pages this panel can not be opened again until the server is started anew. What is open goes on.",
  off: "Switch off",
  keep: "Keep",
  cors: "Pages of other origins (CORS)",
  corsOff: "Off: only this server's own pages read its answers.",
  corsOn: (origins: string) => `On for ${origins}`,
  origins: "Origins, or * for any",
  apply: "Apply",
  pages: "Pages",
  log: "Log",
  live: "live",
  paused: "paused",
  notLive: "not connected",
  level: "Level",
  kind: "Kind",
  filter: "Filter by path, status, address, text",
  pause: "Pause",
  clear: "Clear",
  nothing: "Nothing yet.",
};

export const LEVELS = [
  ["info", "All"],
  ["warning", "Warnings"],
  ["error", "Errors"],
];

export const KINDS = [
  ["", "All"],
  ["access", "Requests"],
  ["exec", "exec"],
  ["server", "Server"],
];
