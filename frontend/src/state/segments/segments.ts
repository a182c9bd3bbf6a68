/** Segmentations as this page knows them, the segment that is edited, and what the brush and the effects are set to. */
import { computed, effect, signal } from "@preact/signals";
import { wordsOf } from "../../net/archive/ask";
import {
  addSegment,
  applyEffect,
  cancelEffect,
  changeSegment,
  changeSegmentation,
  type Edited,
  type Effect,
  listSegmentations,
  type Measured,
  makeSegmentation,
  measure,
  type Overwrite,
  type Range,
  removeSegment,
  type Segment,
  type Segmentation,
} from "../../net/segments";
import { isBoolean, isNumber, kept, oneOf } from "../kept";
import { activeVolume, scene, toast } from "../store";

export type Tool = "" | "paint" | "erase" | "keep_at" | "remove_at";

export const segmentations = signal<Segmentation[] | null>(null);
const chosenId = signal("");
const chosenSegments = signal<Record<string, string>>({});
export const tool = signal<Tool>("");
export const working = signal("");
export const measures = signal<Record<string, Measured> | null>(null);

export const radius = kept("segments.radius", 6, isNumber);
export const shape = kept<"disk" | "sphere">("segments.shape", "disk", oneOf("disk", "sphere"));
export const overwrite = kept<Overwrite>("segments.overwrite", "all", oneOf("all", "visible", "none"));
export const isMasked = kept("segments.masked", false, isBoolean);
/** Intensities of the threshold and of the mask; null until somebody has set them. */
export const range = signal<Range | null>(null);

export const current = computed(() => {
  const all = segmentations.value ?? [];
  return all.find(({ id }) => id === chosenId.value) ?? all.at(-1) ?? null;
});

export const segment = computed((): Segment | null => {
  const node = current.value;
  const id = node ? chosenSegments.value[node.id] : "";
  return node?.segments.find((one) => one.id === id) ?? node?.segments[0] ?? null;
});

export function chooseSegmentation(id: string): void {
  chosenId.value = id;
  measures.value = null;
}

export function chooseSegment(id: string): void {
  const node = current.value;
  if (node) chosenSegments.value = { ...chosenSegments.value, [node.id]: id };
}

/** The next segment, or the one before. */
export function stepSegment(by: 1 | -1): void {
  const all = current.value?.segments ?? [];
  const at = all.findIndex(({ id }) => id === segment.value?.id);
  const next = all[at + by];
  if (next) chooseSegment(next.id);
}

// -- the server ------------------------------------------------------------------------------------------------

let asking: Promise<void> | null = null;
let again = false;

/** Ask for all segmentations; what comes while one asks is asked for once more, after that. */
export function refresh(): Promise<void> {
  again = asking !== null;
  asking ??= (async () => {
    try {
      do {
        again = false;
        segmentations.value = await listSegmentations();
      } while (again);
    } catch {
      // the scene restarts, or the connection is gone: the next word of the server asks again
    } finally {
      asking = null;
    }
  })();
  return asking;
}

/** Do it, and say what went wrong if it did. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    toast(wordsOf(error), "error");
    void refresh();
    return undefined;
  }
}

export async function make(): Promise<void> {
  const made = await attempt(() => makeSegmentation(activeVolume.value));
  if (!made) return;
  await refresh();
  chooseSegmentation(made.id);
  await add();
}

export async function add(): Promise<void> {
  const node = current.value;
  const made = node && (await attempt(() => addSegment(node.id)));
  if (!made) return;
  await refresh();
  chooseSegment(made.id);
}

/** Show other values at once; the server has them soon. Of the segmentation that is edited, or of another. */
export function change(values: Partial<Segmentation>, node: Segmentation | null = current.value): void {
  if (!node) return;
  show({ ...node, ...values });
  queue(`${node.id} ${Object.keys(values)}`, () => changeSegmentation(node.id, values));
}

/** The same of a segment. */
export function changeOne(
  id: string,
  values: Partial<Segment>,
  node: Segmentation | null = current.value,
): void {
  if (!node) return;
  show({ ...node, segments: node.segments.map((one) => (one.id === id ? { ...one, ...values } : one)) });
  queue(`${node.id} ${id} ${Object.keys(values)}`, () => changeSegment(node.id, id, values));
}

export async function remove(id: string): Promise<void> {
  const node = current.value;
  if (node) await attempt(() => removeSegment(node.id, id));
  await refresh();
}

function show(node: Segmentation): void {
  segmentations.value = (segmentations.value ?? []).map((one) => (one.id === node.id ? node : one));
}

const waiting = new Map<string, () => Promise<unknown>>();
let isSending = false;

/** Sliders change many times a second: of each, the newest value that waits is sent. */
function queue(key: string, send: () => Promise<unknown>): void {
  waiting.set(key, send);
  void flush();
}

async function flush(): Promise<void> {
  if (isSending) return;
  isSending = true;
  for (let next = [...waiting][0]; next; next = [...waiting][0]) {
    waiting.delete(next[0]);
    await attempt(next[1]);
  }
  isSending = false;
  void refresh();
}

// -- effects -----------------------------------------------------------------------------------------------------

export const maskRange = computed(() => (isMasked.value && range.value ? range.value : undefined));

/** Edit the segment as a whole. */
export async function apply(effect: Effect, name: string): Promise<Edited | undefined> {
  const node = current.value;
  const one = segment.value;
  if (!node || !one || working.value) return undefined;
  working.value = name;
  const mask = effect.type === "grow" ? maskRange.value : undefined;
  const body = { segment: one.id, effect, overwrite: overwrite.value, ...(mask ? { range: mask } : {}) };
  const done = await attempt(() => applyEffect(node.id, body));
  working.value = "";
  measures.value = null;
  void refresh();
  return done;
}

export async function cancel(): Promise<void> {
  const node = current.value;
  if (node) await attempt(() => cancelEffect(node.id));
}

export async function measureAll(): Promise<void> {
  const node = current.value;
  if (node) measures.value = (await attempt(() => measure(node.id))) ?? null;
}

let isFollowing = false;

/** Keep up with the server; a second call does nothing. */
export function follow(): void {
  if (isFollowing) return;
  isFollowing = true;
  effect(() => {
    const { status, segments } = scene.value;
    if (status === "ready" && segments !== undefined) void refresh();
  });
}
