/** The scene's markups and its history of edits, as the server tells them, with what this page is just dragging on top. */
import { type Signal, signal } from "@preact/signals";
import type { MarkupPatch, MarkupState, Vector3 } from "../../net/protocol";

/** By id, in the order in which they were made. */
export const markups: Signal<ReadonlyMap<string, MarkupState>> = signal(new Map());
/** What undo and redo would do, the next one first. */
export const history = signal<{ undo: string[]; redo: string[] }>({ undo: [], redo: [] });

/** The markup that keys and the panel mean, and its control point where one is meant. */
export const selected = signal<{ id: string; index: number | null } | null>(null);

/** How long after a drag the server may still tell of where the drag was before. */
const ECHO_MS = 400;
const led = new Map<string, number>();
/** When the stream told that a markup is gone: an answer that was asked for before it, and comes later, is no more so. */
const goneAt = new Map<string, number>();

export function takeMarkups(changed: MarkupState[], gone: string[], all: boolean): void {
  const next = new Map(all ? [] : markups.peek());
  for (const id of gone) {
    next.delete(id);
    goneAt.set(id, performance.now());
  }
  for (const state of changed) next.set(state.id, merged(next.get(state.id), state));
  markups.value = next;
  const chosen = selected.peek();
  if (chosen && !next.has(chosen.id)) selected.value = null;
}

export function takeHistory(undo: string[], redo: string[]): void {
  history.value = { undo, redo };
}

/** What the server says, but for the place of a markup that this page is ahead with. */
function merged(mine: MarkupState | undefined, told: MarkupState): MarkupState {
  if (!mine || performance.now() - (led.get(told.id) ?? -ECHO_MS) >= ECHO_MS) return told;
  const { points, frame, size, count, labels } = mine;
  return { ...told, points, frame, size, count, labels };
}

/** Show a change here at once; the server's word on places of this markup comes later than ours for a moment. */
export function lead(id: string, patch: MarkupPatch): void {
  const state = markups.peek().get(id);
  if (!state) return;
  led.set(id, performance.now());
  markups.value = new Map(markups.peek()).set(id, patched(state, patch));
}

/** The server's word on a markup counts again: what was on its way, asked for at `since` (page's clock, ms), has arrived. */
export function follow(state: MarkupState, since: number): void {
  led.delete(state.id);
  if ((goneAt.get(state.id) ?? -1) >= since) return;
  markups.value = new Map(markups.peek()).set(state.id, state);
}

/** A markup with new values. */
export function patched(state: MarkupState, patch: MarkupPatch): MarkupState {
  const { index, position, remove, label, points, ...rest } = patch;
  const next = { ...state, ...rest };
  if (points) next.points = points;
  if (next.points && index !== undefined && position) {
    next.points = [...next.points];
    next.points[index] = position;
  }
  if (next.points && remove !== undefined) next.points = next.points.filter((_point, n) => n !== remove);
  if (next.labels && index !== undefined && label !== undefined)
    next.labels = next.labels.map((text, n) => (n === index ? label : text));
  next.count = next.points?.length ?? next.count;
  if (state.frame) next.count = state.count;
  return next;
}

export const middle = (state: MarkupState): Vector3 | null => {
  if (state.frame) return [state.frame[3] ?? 0, state.frame[7] ?? 0, state.frame[11] ?? 0];
  const points = state.points ?? [];
  if (points.length === 0) return null;
  const sum = points.reduce<Vector3>((a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]], [0, 0, 0]);
  return [sum[0] / points.length, sum[1] / points.length, sum[2] / points.length];
};
