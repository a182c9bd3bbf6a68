/** The frame's words, in one place for translation. */
export const SHELL = {
  panels: "Panels",
  close: "Close the panel",
  width: "Width of the sidebar",
  loading: (title: string) => `${title} is fetched…`,
  notLoaded: (title: string) => `${title} could not be fetched from the server.`,
  again: "Try again",
  shortcut: (key: string) => `Shift+${key}`,
};
