/** What the page knows, as signals. Views' states are the server's, with this page's own newer values on top. */
import { computed, type Signal, signal } from "@preact/signals";
import { connectStream } from "../net/client";
import type { CoreEvent, PictureStats, Status } from "../net/core";
import type { Rect } from "../net/painter";
import type { Patch, SceneInfo, SliceState, ViewState } from "../net/protocol";
import { ViewModel } from "../view/model";
import { Ages } from "./ages";

export type ViewName = "Red" | "Yellow" | "Green" | "1";
export const VIEWS: ViewName[] = ["Red", "1", "Green", "Yellow"];
export const SLICES: ViewName[] = ["Red", "Green", "Yellow"];

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
  gl: null,
});
export const progress = signal<{ text: string; fraction: number | null } | null>(null);
export const toasts = signal<Toast[]>([]);
export const showLatency = signal(false);
export const showLetters = signal(true);
export const showHelp = signal(false);
export const maximized = signal<ViewName | null>(null);
export const states: Record<ViewName, Signal<ViewState | null>> = {
  Red: signal(null),
  Yellow: signal(null),
  Green: signal(null),
  "1": signal(null),
};
export const pictures: Record<ViewName, Signal<PictureStats | null>> = {
  Red: signal(null),
  Yellow: signal(null),
  Green: signal(null),
  "1": signal(null),
};
export const ages: Record<ViewName, Ages> = {
  Red: new Ages(),
  Yellow: new Ages(),
  Green: new Ages(),
  "1": new Ages(),
};
export const activeVolume = computed(() => (states.Red.value as SliceState | null)?.background?.id ?? "");

export function toggleMaximized(view: ViewName): void {
  maximized.value = maximized.value === view ? null : view;
}

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

function modelOf(view: ViewName): ViewModel {
  return new ViewModel(
    (patch, rect) => stream.set(view, patch, rect),
    (state) => {
      states[view].value = state;
    },
  );
}

export const models: Record<ViewName, ViewModel> = {
  Red: modelOf("Red"),
  Yellow: modelOf("Yellow"),
  Green: modelOf("Green"),
  "1": modelOf("1"),
};

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
      models[event.view as ViewName].open(event.state);
      break;
    case "state":
      models[event.view as ViewName]?.merge(event.patch, event.mine);
      break;
    case "picture":
      pictures[event.view as ViewName].value = event.stats;
      ages[event.view as ViewName].add(event.stats.ageMs, event.stats.bytes);
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

/** Set values of a view, here at once and on the server once per animation frame. */
export function change(view: ViewName, patch: Patch, rect: Rect | null = null): void {
  models[view].change(patch, rect);
}
