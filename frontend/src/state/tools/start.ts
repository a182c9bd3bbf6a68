/** Ties the tools over the views to the server and to what the page shows. Imported once, after the first pictures. */
import { computed, effect } from "@preact/signals";
import { wordsOf } from "../../net/archive/ask";
import { changeMarkup, cropBy, makeMarkup, pick, probe, removeMarkup } from "../../net/markups";
import { step } from "../../net/nodes";
import type { MarkupPatch, MarkupState } from "../../net/protocol";
import { intercept } from "../../view/interceptors";
import { Dragging } from "../../view/tools/dragging";
import { Editing } from "../../view/tools/editing";
import { newGesture, Placing } from "../../view/tools/placing";
import { Probing } from "../../view/tools/probing";
import { openPanel } from "../shell";
import { sizes, states, stream, toast } from "../store";
import { follow, history, lead, markups, selected } from "./markups";
import {
  cursor,
  draft,
  dragging,
  dragMode,
  goesOn,
  hovered,
  isProbing,
  placing,
  probed,
  roiDepth,
} from "./tools";

/** Tell the user what went wrong. */
export function failed(error: unknown): void {
  toast(wordsOf(error), "error");
}

const waiting = new Map<string, { view: string; patch: MarkupPatch; gesture: string }>();

/** Here at once, on the server once per animation frame. */
function move(view: string, id: string, patch: MarkupPatch, gesture: string): void {
  lead(id, patch);
  if (waiting.size === 0) requestAnimationFrame(flush);
  waiting.set(id, { view, patch, gesture });
}

function flush(): void {
  for (const [id, { view, patch, gesture }] of waiting) stream.markup(view, id, patch, gesture);
  waiting.clear();
}

/** Of each markup that is being changed: its newest change. They are sent one after the other, for keys may be quicker than the server. */
const newest = new Map<string, Promise<MarkupState>>();

async function finish(id: string, patch: MarkupPatch, gesture: string): Promise<MarkupState> {
  waiting.delete(id);
  lead(id, patch);
  const since = performance.now();
  const send = () => changeMarkup(id, patch, gesture);
  const mine = newest.get(id)?.then(send, send) ?? send();
  newest.set(id, mine);
  try {
    const state = await mine;
    if (newest.get(id) === mine) follow(state, since); // keys go on from what is here, not from some presses before
    return state;
  } finally {
    if (newest.get(id) === mine) newest.delete(id);
  }
}

/** Change a markup by a button, a field or a key: one step of undo. */
export async function change(id: string, patch: MarkupPatch): Promise<void> {
  await finish(id, patch, newGesture()).catch(failed);
}

export async function remove(id: string): Promise<void> {
  if (selected.peek()?.id === id) selected.value = null;
  await removeMarkup(id).catch(failed);
}

export async function crop(id: string, on: boolean): Promise<void> {
  await cropBy(id, on).catch(failed);
}

/** Take back the newest edit, or do again what was taken back. */
export async function undo(again = false): Promise<void> {
  const what = again ? "redo" : "undo";
  if (history.peek()[what].length === 0) return;
  await step(what).catch(failed);
}

/** Where segments are painted, markups are not taken hold of. */
const isSegmenting = () => openPanel.peek() === "segmentation";

const placer = new Placing({
  kind: () => placing.peek(),
  async make(kind, patch, gesture) {
    const since = performance.now();
    const state = await makeMarkup(kind, patch, gesture);
    follow(state, since);
    return state;
  },
  move,
  finish,
  async drop(id, gesture) {
    waiting.delete(id);
    await removeMarkup(id, gesture);
  },
  pick,
  list() {
    const chosen = selected.peek();
    const state = chosen && markups.peek().get(chosen.id);
    return state && state.kind === "points" && !state.locked ? state : null;
  },
  depthOf: (state, width, height) =>
    roiDepth.peek() === "slice" ? Math.max(state.offset_step, 0.1) : Math.min(width, height),
  show(view, kind, points, frame, size) {
    draft.value = { view, kind, points, frame, size };
  },
  hide() {
    draft.value = null;
  },
  cursor(view, spot) {
    if (spot || cursor.peek()) cursor.value = spot && { view, ...spot };
  },
  placed(state) {
    draft.value = null;
    selected.value = { id: state.id, index: state.kind === "points" ? state.count - 1 : null };
  },
  ended() {
    if (!goesOn.peek()) placing.value = null;
  },
  stop() {
    placing.value = null;
  },
  failed(error) {
    draft.value = null;
    failed(error);
  },
});

const editor = new Editing({
  isOff: isSegmenting,
  markups: () => markups.peek().values(),
  markup: (id) => markups.peek().get(id),
  chosen: () => selected.peek(),
  choose(id, index) {
    selected.value = id === null ? null : { id, index };
  },
  hover(view, found) {
    if (placing.peek()) return;
    const before = hovered.peek();
    const next = found && { view, id: found.id, index: found.handle.index };
    if (!before && !next) return;
    if (before && next && before.view === view && before.id === next.id && before.index === next.index)
      return;
    hovered.value = next;
  },
  move(view, id, patch, gesture) {
    dragging.value = id;
    move(view, id, patch, gesture);
  },
  finish(id, patch, gesture) {
    dragging.value = null;
    void finish(id, patch, gesture).catch(failed);
  },
  remove: (id) => void remove(id),
  change: (id, patch) => void change(id, patch),
});

const prober = new Probing({
  isOn: () => isProbing.peek(),
  ask: (view, at) => probe(view, at),
  show(view, spot, found) {
    if (found && spot) probed.value = { view, ...spot, found };
    else if (probed.peek()?.view === view) probed.value = null;
  },
});

/** The view under a pointer that may rest while what it shows changes. */
const probedView = computed(() => probed.value?.view ?? null);

/** Undo and redo by keys, wherever the focus is but in a field, which has an undo of its own. */
function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (
    !(event.ctrlKey || event.metaKey) ||
    event.altKey ||
    target.closest("input, textarea, select, [contenteditable]")
  )
    return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  void undo(key === "y" || event.shiftKey);
}

let isStarted = false;

/** Begin; a second call does nothing. */
export function start(): void {
  if (isStarted) return;
  isStarted = true;
  intercept(new Dragging(() => dragMode.peek()));
  intercept(editor);
  intercept(placer);
  intercept(prober);
  addEventListener("keydown", onKey);
  effect(() => placer.changed(placing.value));
  effect(() => {
    if (openPanel.value === "segmentation") placing.value = null;
  });
  effect(() => {
    if (!isProbing.value) probed.value = null;
  });
  effect(() => {
    const view = probedView.value;
    if (view && states(view).value && sizes(view).value) prober.again(view);
  });
}
