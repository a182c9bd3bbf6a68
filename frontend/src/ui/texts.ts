/** The page's words, in one place for translation. */
import type { ViewName } from "../state/store";

const SLICE_KEYS = "Arrow keys scroll, plus and minus zoom, R fits, Enter maximises.";

export const VIEW_TEXT: Record<ViewName, { title: string; label: string; keys: string }> = {
  Red: { title: "Axial", label: "Axial slice", keys: SLICE_KEYS },
  Yellow: { title: "Sagittal", label: "Sagittal slice", keys: SLICE_KEYS },
  Green: { title: "Coronal", label: "Coronal slice", keys: SLICE_KEYS },
  "1": {
    title: "3D",
    label: "3D view",
    keys: "Arrow keys turn, plus and minus zoom, R shows all, Enter maximises.",
  },
};

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
