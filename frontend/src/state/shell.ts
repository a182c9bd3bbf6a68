/** What the frame of the page remembers: the open panel, how wide the sidebar is, light or dark. */
import { effect } from "@preact/signals";
import { isNumber, isString, kept, oneOf } from "./kept";

export const SIDEBAR_MIN = 240;
export const SIDEBAR_MAX = 640;

/** The open panel's id, "" where none is. */
export const openPanel = kept("panel", "", isString);
/** In CSS pixels. */
export const sidebarWidth = kept("sidebar", 320, isNumber);

export type Theme = "system" | "light" | "dark";
export const theme = kept<Theme>("theme", "system", oneOf("system", "light", "dark"));

effect(() => {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});

/** Open a panel, or close it where it is the open one. */
export function togglePanel(id: string): void {
  openPanel.value = openPanel.value === id ? "" : id;
}

export function setSidebarWidth(pixels: number): void {
  sidebarWidth.value = Math.round(Math.min(Math.max(pixels, SIDEBAR_MIN), SIDEBAR_MAX));
}
