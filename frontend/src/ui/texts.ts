/** The page's words, in one place for translation. */

export const STATUS_TEXT: Record<string, string> = {
  connecting: "Connecting…",
  open: "Connected",
  lost: "Connection lost, trying again…",
  waiting: "Waiting for the server…",
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
