/** What the page knows, as signals. Views' states are the server's, with this page's own newer values on top. */
import { computed, type Signal, signal } from "@preact/signals";
import { connectStream } from "../net/client";
import type { CoreEvent, PictureStats, Status } from "../net/core";
import type { Rect } from "../net/painter";
import type { Member, Patch, SceneInfo, SliceState, ViewState } from "../net/protocol";
import { ViewModel } from "../view/model";
import { Ages } from "./ages";
import { arrange, FOUR_UP } from "./layouts";
import { perView } from "./perView";

export type ViewName = string;
/** Views that stay open in every layout: the toolbar and the keys reach them. */
export const VIEWS: ViewName[] = ["Red", "1", "Green", "Yellow"];

export type PresenceEvent = Extract<CoreEvent, { event: "presence" }>;

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
/** The newest word of the server on what has changed among the nodes; ids are null where it may be anything. */
export const nodesNews = signal<{ rev: number; ids: string[] | null }>({ rev: 0, ids: null });
export const myId = signal("");
/** Whether one looks around by oneself: cameras of one's own in all views. */
export const lookAlone = signal(false);
export const members = signal<Member[]>([]);
/** Where somebody else points now. */
export const lastPresence = signal<PresenceEvent | null>(null);
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

export function toggleMaximized(view: ViewName): void {
  maximized.value = maximized.value === view ? null : view;
}

let lastToast = 0;

export function toast(text: string, level = "info"): void {
  if (toasts.value.some((shown) => shown.text === text)) return; // said already, as for each move of a drag that is refused
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
    (patch, rect, at) => stream.set(view, patch, rect, at),
    (state) => {
      states(view).value = state;
    },
  );
}

export const models = perView(modelOf);

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
      models(event.view).open(event.state);
      if (lookAlone.peek()) stream.look(event.view, "own");
      break;
    case "camera":
      models(event.view).open(event.state);
      break;
    case "state":
      models(event.view).merge(event.patch, event.mine);
      break;
    case "picture":
      pictures(event.view).value = event.stats;
      ages(event.view).add(event.stats);
      break;
    case "nodes":
      nodesNews.value = { rev: event.rev, ids: event.ids };
      break;
    case "members":
      members.value = event.members;
      break;
    case "presence":
      lastPresence.value = event;
      break;
    case "welcome":
      myId.value = event.id;
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
  models(view).change(patch, rect);
}
