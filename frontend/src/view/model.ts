/**
 * One view's state on this page: the server's, with the page's own newer values on top. Changes show here at once and go to the
 * server once per animation frame. Knows nothing of frameworks.
 */
import type { Move } from "../net/painter";
import { type ById, type Fields, joined, laidOver, TABLES } from "../net/patches";
import type { Patch, SliceState, ViewState } from "../net/protocol";

/** Fields that a drag of ours may just be ahead of the server in; those of a group move together. */
const LEADING = [
  ["offset", "origin", "slice_to_ras"],
  ["fov"],
  ["window"],
  ["level"],
  ["camera"],
  ["crosshair"],
  ["rendering"],
];
/** Fields of a patch that are no values: what becomes of them is the server's to say, whatever was dragged before. */
const WORDS = ["orientation", "fit", "reset", "look_from", "background"];
const DRAG_MEMORY_MS = 300;

export class ViewModel {
  state: ViewState | null = null;
  /** Until when this page's own value of a field stands, this thread's clock. */
  private readonly ahead = new Map<string, number>();
  /** What the server has told meanwhile of fields that this page is ahead in. */
  private held: Patch = {};
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waiting: { patch: Patch; move: Move | null; at: number } | null = null;

  /** `send` passes values to the server with the time of the newest (ms since 1970), `onChange` hears every new state. */
  constructor(
    private readonly send: (patch: Patch, move: Move | null, at: number) => void,
    private readonly onChange: (state: ViewState) => void = () => {},
  ) {}

  /** The server has told the whole state, perhaps of another camera: what was held back was of before. */
  open(state: ViewState): void {
    clearTimeout(this.timer);
    this.held = {};
    this.ahead.clear();
    this.become(state);
  }

  /** The server has told of changes; `mine` if this page has caused them, which may have newer values by now. */
  merge(patch: Patch, mine: boolean): void {
    if (!this.state) return;
    const now = performance.now();
    const taken: Patch = {};
    for (const [field, value] of Object.entries(patch)) {
      const isOld = mine && (this.ahead.get(field) ?? 0) > now;
      if (isOld) this.held[field] = value;
      else {
        taken[field] = value;
        delete this.held[field];
      }
    }
    if (Object.keys(this.held).length > 0) this.takeLater();
    this.become({ ...this.state, ...taken } as ViewState);
  }

  /** When a drag has ended, what the server has made of it holds. */
  private takeLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { held } = this;
      this.held = {};
      if (this.state) this.merge(held, true);
    }, DRAG_MEMORY_MS);
  }

  /** Set values, here at once and on the server soon; `move` is what that does to what a slice shows, for prediction. */
  change(patch: Patch, move: Move | null = null): void {
    if (this.state) {
      const next = { ...this.state, ...within(this.state, patch) } as ViewState;
      if (next.kind === "slice" && patch.offset !== undefined) moveOrigin(next, this.state as SliceState);
      if (next.kind === "slice" && patch.origin !== undefined) moveMatrix(next);
      this.become(next);
    }
    if (WORDS.some((word) => word in patch)) this.ahead.clear();
    const until = performance.now() + DRAG_MEMORY_MS;
    for (const group of LEADING)
      if (group.some((field) => field in patch)) for (const field of group) this.ahead.set(field, until);
    if (!this.waiting) requestAnimationFrame(() => this.flush());
    this.waiting = {
      patch: joined(this.waiting?.patch ?? {}, patch),
      move: move
        ? { from: this.waiting?.move?.from ?? move.from, to: move.to }
        : (this.waiting?.move ?? null),
      at: performance.timeOrigin + performance.now(),
    };
  }

  private flush(): void {
    const waiting = this.waiting;
    this.waiting = null;
    if (waiting) this.send(waiting.patch, waiting.move, waiting.at);
  }

  private become(state: ViewState): void {
    this.state = state;
    this.onChange(state);
  }
}

/** The values of a patch, its tables with what the state has besides. */
function within(state: ViewState, patch: Patch): Patch {
  const whole = Object.fromEntries(Object.entries(patch).filter(([field]) => !WORDS.includes(field)));
  for (const name of TABLES) {
    const table = (state as unknown as Fields)[name] as ById | undefined;
    if (!patch[name] || !table) continue;
    const known = Object.entries(patch[name] as ById).filter(([id]) => id in table); // of others the server tells all
    whole[name] = laidOver(table, Object.fromEntries(known));
  }
  return whole;
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
