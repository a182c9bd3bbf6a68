/** What the page knows, as signals. Views' states are the server's, with this page's own newer values on top. */
import { computed, type Signal, signal } from "@preact/signals";
import { askApi } from "../net/ask";
import { connectStream } from "../net/client";
import type { CoreEvent, PictureStats, Status } from "../net/events";
import type { Move } from "../net/painter";
import type { Member, Patch, SceneInfo, SliceState, ViewState } from "../net/protocol";
import { ViewModel } from "../view/model";
import { Ages } from "./ages";
import { isShares, kept } from "./kept";
import { arrange, type Divider, FOUR_UP, moved, type Shares } from "./layouts";
import { perView } from "./perView";
import { takeHistory, takeMarkups } from "./tools/markups";

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
/** Nothing is heard of the server though something should be. */
export const stale = signal(false);
/** Whether a view's picture is of now, as far as the page can know. */
export const fresh = perView((): Signal<boolean> => signal(true));
export const scene = signal<SceneInfo>({
  status: "starting",
  views: [],
  volumes: [],
  layout: "FourUp",
  composition: FOUR_UP,
  contents: "full",
  follow_tool: false,
  segments: 0,
  load_faults: [],
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
export const showHelp = signal(false);
export const maximized = signal<ViewName | null>(null);
export const states = perView((): Signal<ViewState | null> => signal(null));
export const pictures = perView((): Signal<PictureStats | null> => signal(null));
/** Width and height of each view in device pixels. */
export const sizes = perView((): Signal<[number, number]> => signal([1, 1]));
export const ages = perView(() => new Ages());
/** Which tab is chosen in each strip of tabs. */
export const openTabs = signal<Record<string, number>>({});
/** Sizes that the user has given to the parts of each layout, by its name. */
const shares = kept<Record<string, Shares>>("shares", {}, isShares);
export const arrangement = computed(() =>
  arrange(scene.value.composition, openTabs.value, shares.value[scene.value.layout]),
);

/** Move a divider to a share (0 to 1) of the two parts beside it; null gives its row the layout's own sizes back. */
export function setShares(divider: Divider, to: number | null): void {
  const { layout } = scene.value;
  shares.value = { ...shares.value, [layout]: moved(divider, shares.value[layout] ?? {}, to) };
}
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
    (patch, move, at) => stream.set(view, patch, move, at),
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
      if (event.status !== "open") progress.value = null; // nobody tells any more how far it is
      if (event.status === "closed") toast(`The server closed the connection: ${event.reason}`, "error");
      break;
    case "stale":
      stale.value = event.stale;
      break;
    case "fresh":
      fresh(event.view).value = event.fresh;
      break;
    case "scene":
      scene.value = event.scene;
      if (["ready", "restarting", "failed"].includes(event.scene.status)) progress.value = null;
      break;
    case "opened":
      reopen(event.view, event.state, event.again);
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
      nodesNews.value = { rev: Math.max(nodesNews.peek().rev, 1), ids: null }; // what has changed meanwhile was not told
      break;
    case "markups":
      takeMarkups(event.changed, event.gone, event.all);
      break;
    case "history":
      takeHistory(event.undo, event.redo);
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

/** A view is open, on a connection that the server may know nothing of: who looks alone goes on from where they were. */
function reopen(view: ViewName, state: ViewState, again: boolean): void {
  const model = models(view);
  const before = model.state;
  model.open(state);
  if (!lookAlone.peek()) return;
  stream.look(view, "own");
  if (!again || before?.kind !== state.kind) return;
  model.change(
    before.kind === "slice"
      ? { slice_to_ras: before.slice_to_ras, fov: before.fov }
      : { camera: before.camera },
  );
}

/** Set values of a view, here at once and on the server once per animation frame. */
export function change(view: ViewName, patch: Patch, move: Move | null = null): void {
  models(view).change(patch, move);
}

/** Switch the layout for everybody; the page follows when the server says so. */
export async function chooseLayout(layout: string): Promise<void> {
  maximized.value = null;
  const isComparing = layout.startsWith("Compare");
  const compare = Math.min(Math.max(scene.value.volumes.length, 2), MOST_COMPARED);
  await waiting("Switching the layout", async () => {
    await askApi("PUT", "/api/layout", isComparing ? { layout, compare } : { layout });
    if (isComparing) await compareVolumes();
  });
}

const SLOW_MS = 300;

/** Do something that may take its time: what takes long is named in the status line; a fault is told. Whether it went well. */
export async function waiting(text: string, work: () => Promise<unknown>): Promise<boolean> {
  const shown = { text, fraction: null };
  const timer = setTimeout(() => {
    progress.value ??= shown;
  }, SLOW_MS);
  try {
    await work();
    return true;
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), "error");
    return false;
  } finally {
    clearTimeout(timer);
    if (progress.value === shown) progress.value = null;
  }
}

const MOST_COMPARED = 4;
const OPENING_MS = 5000;

/** Show the scene's volumes in the views that compare, one in each, linked. */
async function compareVolumes(): Promise<void> {
  const volumes = scene.value.volumes.slice(0, MOST_COMPARED);
  for (const [index, { id }] of volumes.entries()) {
    const view = `Compare${index + 1}`;
    if (await isOpen(view)) change(view, { background: id, orientation: "Axial", linked: true });
  }
}

/** Wait until a view that has just come is there; false if it does not come. */
async function isOpen(view: ViewName): Promise<boolean> {
  const until = performance.now() + OPENING_MS;
  while (states(view).value === null && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return states(view).value !== null;
}

/** Have crosshair and slices go with the tracked tool, or not, for everybody. */
export const followTool = (follow: boolean) =>
  waiting("Asking the server", () => askApi("PUT", "/api/tracking", { follow }));
