/** What the page knows, as signals. Views' states are the server's, with this page's own newer values on top. */
import { computed, type Signal, signal } from "@preact/signals";
import { connectStream } from "../net/client";
import type { CoreEvent, PictureStats, Status } from "../net/core";
import type { Rect } from "../net/painter";
import type { Patch, SceneInfo, SliceState, ViewState } from "../net/protocol";
import { Ages } from "./ages";
import { arrange, FOUR_UP } from "./layouts";
import { perView } from "./perView";

export type ViewName = string;
/** Views that stay open in every layout: the toolbar and the keys reach them. */
export const VIEWS: ViewName[] = ["Red", "1", "Green", "Yellow"];

export interface Toast {
  id: number;
  text: string;
  level: string;
}

export const status: Signal<Status> = signal("connecting");
export const stale = signal(false);
export const scene = signal<SceneInfo>({
  status: "starting",
  views: [],
  volumes: [],
  layout: "FourUp",
  composition: FOUR_UP,
  contents: "full",
  gl: null,
});
export const progress = signal<{ text: string; fraction: number | null } | null>(null);
export const toasts = signal<Toast[]>([]);
export const showLatency = signal(false);
export const showLetters = signal(true);
export const showHelp = signal(false);
export const maximized = signal<ViewName | null>(null);
export const states = perView((): Signal<ViewState | null> => signal(null));
export const pictures = perView((): Signal<PictureStats | null> => signal(null));
export const ages = perView(() => new Ages());
/** Which tab is chosen in each strip of tabs. */
export const openTabs = signal<Record<string, number>>({});
export const arrangement = computed(() => arrange(scene.value.composition, openTabs.value));
export const activeVolume = computed(() => (states("Red").value as SliceState | null)?.background?.id ?? "");

let lastToast = 0;

export function toast(text: string, level = "info"): void {
  lastToast += 1;
  const id = lastToast;
  toasts.value = [...toasts.value.slice(-3), { id, text, level }];
  setTimeout(() => dismiss(id), level === "error" ? 12000 : 6000);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((t) => t.id !== id);
}

export const stream = connectStream(hear);

function hear(event: CoreEvent): void {
  switch (event.event) {
    case "status":
      status.value = event.status;
      if (event.status === "closed") toast(`The server closed the connection: ${event.reason}`, "error");
      break;
    case "stale":
      stale.value = event.stale;
      break;
    case "scene":
      scene.value = event.scene;
      if (event.scene.status === "ready") progress.value = null;
      break;
    case "opened":
      states(event.view).value = event.state;
      break;
    case "state":
      merge(event.view, event.patch, event.mine);
      break;
    case "picture":
      pictures(event.view).value = event.stats;
      ages(event.view).add(event.stats.ageMs, event.stats.bytes);
      break;
    case "progress":
      progress.value = event.fraction === 1 ? null : { text: event.text, fraction: event.fraction };
      if (event.text.startsWith("Not loaded")) toast(event.text, "error");
      break;
    case "notice":
      toast(event.text, event.level);
      break;
  }
}

/** Fields that a drag of ours may just be ahead of the server in. */
const LEADING = ["offset", "origin", "fov", "window", "level", "camera", "slice_to_ras"];
let draggedAt = 0;

function merge(view: ViewName, patch: Patch, mine: boolean): void {
  const state = states(view).value;
  if (!state) return;
  const dragging = mine && performance.now() - draggedAt < 300;
  const taken = dragging
    ? Object.fromEntries(Object.entries(patch).filter(([k]) => !LEADING.includes(k)))
    : patch;
  states(view).value = { ...state, ...taken } as ViewState;
}

const waiting = new Map<ViewName, { patch: Patch; rect: Rect | null }>();

/** Set values of a view, here at once and on the server once per animation frame. */
export function change(view: ViewName, patch: Patch, rect: Rect | null = null): void {
  const state = states(view).value;
  if (state) {
    const next = { ...state, ...patch } as ViewState;
    if (next.kind === "slice" && patch.offset !== undefined) moveOrigin(next, state as SliceState);
    if (next.kind === "slice" && patch.origin !== undefined) moveMatrix(next);
    states(view).value = next;
  }
  draggedAt = performance.now();
  if (waiting.size === 0) requestAnimationFrame(flush);
  const before = waiting.get(view);
  waiting.set(view, { patch: { ...before?.patch, ...patch }, rect: rect ?? before?.rect ?? null });
}

function flush(): void {
  for (const [view, { patch, rect }] of waiting) stream.set(view, patch, rect);
  waiting.clear();
}

function moveOrigin(next: SliceState, before: SliceState): void {
  const m = next.slice_to_ras;
  const by = next.offset - before.offset;
  const [r, a, s] = before.origin;
  next.origin = [r + (m[2] ?? 0) * by, a + (m[6] ?? 0) * by, s + (m[10] ?? 0) * by];
  moveMatrix(next);
}

function moveMatrix(next: SliceState): void {
  const matrix = [...next.slice_to_ras];
  [matrix[3], matrix[7], matrix[11]] = next.origin;
  next.slice_to_ras = matrix;
}
