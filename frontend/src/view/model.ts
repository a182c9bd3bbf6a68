/**
 * One view's state on this page: the server's, with the page's own newer values on top. Changes show here at once and go to the
 * server once per animation frame. Knows nothing of frameworks.
 */
import type { Rect } from "../net/painter";
import type { Patch, SliceState, ViewState } from "../net/protocol";

/** Fields that a drag of ours may just be ahead of the server in. */
const LEADING = [
  "offset",
  "origin",
  "fov",
  "window",
  "level",
  "camera",
  "slice_to_ras",
  "crosshair",
  "rendering",
];
const DRAG_MEMORY_MS = 300;

export class ViewModel {
  state: ViewState | null = null;
  private draggedAt = Number.NEGATIVE_INFINITY;
  private waiting: { patch: Patch; rect: Rect | null; at: number } | null = null;

  /** `send` passes values to the server with the time of the newest (ms since 1970), `onChange` hears every new state. */
  constructor(
    private readonly send: (patch: Patch, rect: Rect | null, at: number) => void,
    private readonly onChange: (state: ViewState) => void = () => {},
  ) {}

  /** The server has told the whole state. */
  open(state: ViewState): void {
    this.become(state);
  }

  /** The server has told of changes; `mine` if this page has caused them, which may have newer values by now. */
  merge(patch: Patch, mine: boolean): void {
    if (!this.state) return;
    const dragging = mine && performance.now() - this.draggedAt < DRAG_MEMORY_MS;
    const taken = dragging
      ? Object.fromEntries(Object.entries(patch).filter(([key]) => !LEADING.includes(key)))
      : patch;
    this.become({ ...this.state, ...taken } as ViewState);
  }

  /** Set values, here at once and on the server soon; `rect` is what a slice will show then, for prediction. */
  change(patch: Patch, rect: Rect | null = null): void {
    if (this.state) {
      const next = { ...this.state, ...within(this.state, patch) } as ViewState;
      if (next.kind === "slice" && patch.offset !== undefined) moveOrigin(next, this.state as SliceState);
      if (next.kind === "slice" && patch.origin !== undefined) moveMatrix(next);
      this.become(next);
    }
    this.draggedAt = performance.now();
    if (!this.waiting) requestAnimationFrame(() => this.flush());
    this.waiting = {
      patch: joined(this.waiting?.patch ?? {}, patch),
      rect: rect ?? this.waiting?.rect ?? null,
      at: performance.timeOrigin + performance.now(),
    };
  }

  private flush(): void {
    const waiting = this.waiting;
    this.waiting = null;
    if (waiting) this.send(waiting.patch, waiting.rect, waiting.at);
  }

  private become(state: ViewState): void {
    this.state = state;
    this.onChange(state);
  }
}

type Fields = Record<string, unknown>;
type ById = Record<string, Fields>;

/** Fields whose values are tables by id, of which a patch gives a part. */
const TABLES = ["rendering"];

/** Two patches as one, the later one on top. */
function joined(before: Patch, after: Patch): Patch {
  const both = { ...before, ...after };
  for (const name of TABLES)
    if (before[name] && after[name]) both[name] = laidOver(before[name] as ById, after[name] as ById);
  return both;
}

/** A patch whose tables hold what the state has besides. */
function within(state: ViewState, patch: Patch): Patch {
  const whole = { ...patch };
  for (const name of TABLES) {
    const table = (state as unknown as Fields)[name];
    if (patch[name] && table) whole[name] = laidOver(table as ById, patch[name] as ById);
  }
  return whole;
}

function laidOver(below: ById, above: ById): ById {
  const both = { ...below };
  for (const [id, fields] of Object.entries(above)) {
    const crop = { ...(below[id]?.crop as Fields), ...(fields.crop as Fields) };
    both[id] = { ...below[id], ...fields, ...(fields.crop ? { crop } : {}) };
  }
  return both;
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
