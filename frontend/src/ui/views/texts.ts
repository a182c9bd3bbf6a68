/** The views' words, in one place for translation. */
import type { ViewState } from "../../net/protocol";
import { planeOf } from "../../view/turns";

const SLICE_KEYS =
  "Arrow keys scroll, plus and minus zoom, R fits, H and V flip, brackets turn, space plays, Enter maximises.";
const TURN_KEYS = "Arrow keys turn, plus and minus zoom, R shows all, Enter maximises.";

export interface ViewText {
  title: string;
  label: string;
  keys: string;
}

/** Planes of the usual slice views, until their state is known. */
const USUAL: Record<string, string> = { Red: "Axial", Yellow: "Sagittal", Green: "Coronal" };

/** How a view is called: by what it shows; others than the usual four with the names that Slicer gives them. */
export function viewText(view: string, kind: string, state: ViewState | null = null): ViewText {
  if (kind === "threeD") {
    const title = view === "1" ? "3D" : `3D ${view}`;
    return { title, label: view === "1" ? "3D view" : `3D view ${view}`, keys: TURN_KEYS };
  }
  const plane = state?.kind === "slice" ? planeOf(state.slice_to_ras) : USUAL[view];
  const usual = USUAL[view] !== undefined;
  if (!plane) return { title: view, label: `Slice view ${view}`, keys: SLICE_KEYS };
  return { title: plane, label: usual ? `${plane} slice` : `${plane} slice, view ${view}`, keys: SLICE_KEYS };
}

export const VIEW = {
  orientation: (label: string) => `${label}: orientation`,
  position: (label: string) => `${label}: position in mm`,
  millimetres: (label: string) => `${label}: position in mm, as a number`,
  mm: "mm",
  menu: (label: string) => `${label}: more`,
  fit: "Fit the view (R)",
  maximise: "Maximise the view (Enter)",
  restore: "Restore the layout (Escape)",
  flipAcross: "Flip left and right",
  flipAlong: "Flip up and down",
  right: "Turn right by 90°",
  left: "Turn left by 90°",
  reset: "Reset plane and zoom",
  play: "Play through the slices",
  stop: "Stop playing",
  spin: "Spin",
  stopSpin: "Stop spinning",
  lookFrom: "Look from",
  window: (window: string, level: string) => `W ${window} L ${level}`,
  zoom: (percent: number) => `Zoom ${percent} %`,
  slice: (number: number, count: number) => `Slice ${number} of ${count}`,
  marks: { exact: "exact", draft: "draft", sharp: "sharp", moving: "moving" },
  splitter: "Divider between views",
};

export const PLANES: Record<string, string> = {
  Axial: "Axial",
  Sagittal: "Sagittal",
  Coronal: "Coronal",
  Oblique: "Oblique",
};

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
