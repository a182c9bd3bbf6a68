/** Outlines of icons, in a box of 24 × 24. */
export const ICONS: Record<string, string> = {
  volume: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5",
  segmentation: "M6 7c3-5 10-4 12 1s0 9-4 9c-2 0-2 3-5 2s-6-7-3-12z",
  model: "M12 3l9 16H3zM12 3v16M7.5 11h9",
  markups: "M12 21s-6-6-6-11a6 6 0 1 1 12 0c0 5-6 11-6 11zM12 10v.01",
  transform: "M5 4v15h15M2.500 6.500L5 4l2.500 2.500M17.500 16.500L20 19l-2.500 2.500M5 19l8-8",
  sequence: "M4 6h16v12H4zM8.500 6v12M15.500 6v12",
  table: "M4 5h16v14H4zM4 10h16M10 5v14",
  text: "M5 6h14M5 12h14M5 18h9",
  folder: "M3 6h6l2 2h10v11H3z",
  segment: "M8 12a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
  eye: "M2 12s3.500-6 10-6 10 6 10 6-3.500 6-10 6-10-6-10-6zM9.500 12a2.500 2.500 0 1 0 5 0a2.500 2.500 0 1 0-5 0",
  eyeOff: "M2 12s3.500-6 10-6 10 6 10 6-3.500 6-10 6-10-6-10-6zM4 20L20 4",
  chevron: "M9 6l6 6-6 6",
};
