/** The frame's words, in one place for translation. */
export const SHELL = {
  page: "Slicecast viewer",
  brand: "Slicecast start page",
  skip: "Go to the views",
  views: "Views",
  panels: "Panels",
  close: "Close the panel",
  width: "Width of the sidebar",
  loading: (title: string) => `${title} is fetched…`,
  notLoaded: (title: string) => `${title} could not be fetched from the server.`,
  again: "Try again",
  shortcut: (key: string) => `Shift+${key}`,
  open: "Open files…",
  openShort: "Open…",
  studies: "Studies",
  reload: "Load the page again",
  server: "Server panel",
  theme: "Light or dark",
  volume: "Volume",
  noVolume: "No volume",
  layout: "Layout",
  latency: "Latency in ms (D)",
  help: "Help (?)",
  crosshair: "Crosshair (C)",
  drop: "Drop to load",
  uploading: (what: string) => `Uploading ${what}`,
  loadingWhat: (what: string) => `Loading ${what}`,
  loaded: (what: string) => `Loaded ${what}`,
  files: (count: number) => `${count} files`,
  helpTitle: "Mouse and keys",
  helpClose: "Close",
  dismiss: "Dismiss",
  filter: "Filter by name",
  filtered: (found: number) => (found === 0 ? "No name has these words" : `${found} found`),
  dismissAll: "Dismiss all",
  dismissWhat: (what: string) => `Dismiss: ${what}`,
  notLoadedTitle: "Could not be loaded",
};

export type Phase =
  | "connecting"
  | "lost"
  | "waiting"
  | "closed"
  | "starting"
  | "loading"
  | "restarting"
  | "failed"
  | "empty";

/** What is said over the views where they do not show what is. */
export const STATES: Record<Phase, { title: string; text: string }> = {
  connecting: { title: "Connecting…", text: "" },
  lost: {
    title: "Connection lost",
    text: "Trying again. What you see is how it was; it goes on by itself when the server is back.",
  },
  waiting: {
    title: "Waiting for the server…",
    text: "It has not answered for two seconds. What you see is how it was.",
  },
  closed: { title: "Disconnected", text: "The server has closed the connection." },
  starting: { title: "The scene starts…", text: "" },
  loading: { title: "Loading…", text: "" },
  restarting: {
    title: "The scene restarts…",
    text: "Its process has ended. What was loaded is loaded again, and views go back to where they were.",
  },
  failed: {
    title: "The scene keeps failing",
    text: "It was started several times and ended each time. The log says why.",
  },
  empty: {
    title: "Nothing is loaded",
    text: "Drop a scan here: NRRD, NIfTI, DICOM, models, segmentations, scenes.",
  },
};

export const LAYOUT_TEXT: Record<string, string> = {
  FourUp: "Four-up",
  Conventional: "Conventional",
  ConventionalWidescreen: "Widescreen",
  SideBySide: "Side by side",
  OneUpRedSlice: "Axial only",
  OneUpYellowSlice: "Sagittal only",
  OneUpGreenSlice: "Coronal only",
  OneUp3D: "3D only",
  Dual3D: "Two 3D views",
  Triple3DEndoscopy: "Three 3D views",
  Tabbed3D: "3D tabs",
  TabbedSlice: "Slice tabs",
  Compare: "Compare",
  CompareGrid: "Compare in a grid",
  TwoOverTwo: "Two over two",
  ThreeOverThree: "Three over three",
  FourOverFour: "Four over four",
  FourByTwoSlice: "Eight slices",
  ThreeByThreeSlice: "Nine slices",
  FiveByTwoSlice: "Ten slices",
  FourByThreeSlice: "Twelve slices",
};

/** Mouse and keys, as the help shows them. */
export const HELP: [string, string][] = [
  ["Wheel", "scroll slices; zoom in 3D"],
  ["Left drag", "window and level; rotate in 3D"],
  ["Shift + left drag, middle drag", "pan"],
  ["Right drag, Ctrl + wheel", "zoom"],
  ["Double click, Enter", "maximise or restore a view"],
  ["Arrows, Page up/down", "scroll; turn in 3D"],
  ["+ and −", "zoom"],
  ["R", "fit"],
  ["H, V", "flip a slice left and right, up and down"],
  ["[ and ]", "turn a slice by 90°"],
  ["Space", "play through the slices; spin in 3D"],
  ["Shift + move, a finger that rests", "crosshair: the other slices follow to the point"],
  ["1 2 3 4", "maximise axial, 3D, coronal, sagittal; 0 restores"],
  ["L, T, M, C, B", "letters, corner texts, marker, crosshair, ruler"],
  ["D", "latency"],
  ["F", "full screen"],
  ["Shift + a letter", "open the panel that has it"],
  ["?", "this help"],
];
