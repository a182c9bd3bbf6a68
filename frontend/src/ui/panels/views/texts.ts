/** The words of the panel of views, in one place for translation. */
export const VIEWS_TEXT = {
  title: "Views",
  layout: "Layout",
  over: "Over the pictures",
  letters: "Orientation letters",
  corners: "Patient, series, window, slice, zoom",
  marker: "Orientation marker",
  ruler: "Ruler",
  crosshair: "Crosshair",
  crosshairHelp:
    "A click places it, and Shift with a move of the mouse; the other slices go through its point.",
  follow: "Slices follow the tracked tool",
  cine: "Cine",
  rate: "Rate",
  perSecond: (rate: number) => `${rate} / s`,
  play: (what: string) => `Play ${what}`,
  stop: (what: string) => `Stop ${what}`,
  item: "Time point",
  itemOf: (item: number, items: number, label: string) =>
    `${item + 1} of ${items}${label ? `, ${label}` : ""}`,
  noSequences: "No 4D data is loaded. Space plays through the slices of the view in focus.",
  appearance: "Appearance",
  theme: "Theme",
  themes: { system: "System", light: "Light", dark: "Dark" },
  fault: (message: string) => `The server did not answer: ${message}`,
};
