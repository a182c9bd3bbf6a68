/** Taking hold of markups and moving them, choosing them, removing them by keys. Knows nothing of frameworks. */
import type { MarkupPatch, MarkupState, Vector3, ViewState } from "../../net/protocol";
import type { Interceptor, Spot } from "../interceptors";
import type { Surface } from "../pointer";
import { subtract } from "../vectors";
import { dragged, type Handle, type Hit, handlesOf, hit, turnedBy } from "./handles";
import { mmAt, pointAt, pointOn, type Size, towards } from "./lens";
import { newGesture } from "./placing";

const MOUSE_PX = 8;
const FINGER_PX = 22;
const TURN_BY_KEY = Math.PI / 180;

export interface EditingHost {
  /** Whether another part of the viewer has the views to itself. */
  isOff(): boolean;
  markups(): Iterable<MarkupState>;
  markup(id: string): MarkupState | undefined;
  chosen(): { id: string; index: number | null } | null;
  choose(id: string | null, index: number | null): void;
  hover(view: string, found: Hit | null): void;
  /** Soon, newest wins; shown here at once. */
  move(view: string, id: string, patch: MarkupPatch, gesture: string): void;
  finish(id: string, patch: MarkupPatch, gesture: string): void;
  remove(id: string): void;
  change(id: string, patch: MarkupPatch): void;
}

interface Drag {
  id: string;
  handle: Handle;
  begun: MarkupState;
  from: Vector3;
  at: Vector3;
  gesture: string;
  patch: MarkupPatch | null;
}

export class Editing implements Interceptor {
  private drag: Drag | null = null;

  constructor(private readonly host: EditingHost) {}

  private find(surface: Surface, spot: Spot, isFinger: boolean): Hit | null {
    const state = surface.model.state;
    if (!state) return null;
    const radius = (isFinger ? FINGER_PX : MOUSE_PX) * devicePixelRatio;
    const { host } = this;
    return hit(host.markups(), state, surface.size(), spot, radius, host.chosen()?.id);
  }

  down(surface: Surface, spot: Spot, event: PointerEvent): boolean {
    const state = surface.model.state;
    if (!state || event.button !== 0 || event.shiftKey || this.host.isOff()) return false;
    const found = this.find(surface, spot, event.pointerType === "touch");
    const begun = found && this.host.markup(found.id);
    if (!begun) {
      if (this.host.chosen()) this.host.choose(null, null);
      return false;
    }
    const { handle, id } = found;
    this.host.choose(id, handle.kind === "point" ? handle.index : null);
    const at =
      handle.kind === "body" ? pointAt(state, surface.size(), spot, nearOf(begun, surface)) : handle.at;
    const from = placeOf(state, surface.size(), spot, handle, at);
    this.drag = { id, handle, begun, from, at, gesture: newGesture(), patch: null };
    return true;
  }

  move(surface: Surface, spot: Spot): void {
    const state = surface.model.state;
    const { drag } = this;
    if (!state || !drag) return;
    const to = placeOf(state, surface.size(), spot, drag.handle, drag.at);
    drag.patch = dragged(drag.begun, drag.handle, subtract(to, drag.from));
    this.host.move(surface.view, drag.id, drag.patch, drag.gesture);
  }

  up(surface: Surface, _spot: Spot, _event: PointerEvent, cancelled: boolean): void {
    const { drag } = this;
    this.drag = null;
    if (!drag?.patch) return;
    const { begun } = drag;
    const back: MarkupPatch = begun.frame
      ? { frame: begun.frame, size: begun.size ?? [] }
      : { points: begun.points ?? [] };
    if (cancelled) this.host.move(surface.view, drag.id, back, drag.gesture);
    this.host.finish(drag.id, cancelled ? back : drag.patch, drag.gesture);
  }

  hover(surface: Surface, spot: Spot | null, event: PointerEvent): void {
    if (this.drag || event.buttons) return;
    const found =
      spot && event.pointerType !== "touch" && !this.host.isOff() ? this.find(surface, spot, false) : null;
    this.host.hover(surface.view, found);
  }

  double(surface: Surface, spot: Spot): boolean {
    return !this.host.isOff() && this.find(surface, spot, false) !== null;
  }

  key(surface: Surface, event: KeyboardEvent): boolean {
    const chosen = this.host.chosen();
    const markup = chosen && this.host.markup(chosen.id);
    if (!chosen || !markup || event.ctrlKey || event.metaKey || this.host.isOff()) return false;
    if (event.key === "Delete" || event.key === "Backspace") this.remove(markup, chosen.index);
    else if (event.key === "Escape") this.host.choose(null, null);
    else if (event.altKey && event.shiftKey && markup.frame && !markup.locked)
      return this.turn(surface, markup, event.key);
    else if (event.altKey && event.key.startsWith("Arrow"))
      return this.nudge(surface, markup, chosen.index, event.key);
    else return false;
    return true;
  }

  /** The chosen point of a list or curve, else the whole markup. */
  private remove(markup: MarkupState, index: number | null): void {
    const hasMany = ["points", "curve", "closedCurve"].includes(markup.kind) && markup.count > 1;
    if (index !== null && hasMany) {
      this.host.change(markup.id, { remove: index });
      this.host.choose(markup.id, null);
    } else this.host.remove(markup.id);
  }

  /** Turn in the view by a degree. */
  private turn(surface: Surface, { id, frame }: MarkupState, key: string): boolean {
    const state = surface.model.state;
    const sign = { ArrowLeft: 1, ArrowRight: -1 }[key];
    if (!state || !frame || !sign) return false;
    this.host.change(id, turnedBy(frame, towards(state), sign * TURN_BY_KEY));
    return true;
  }

  /** Move by a pixel of the view with the arrow keys. */
  private nudge(surface: Surface, markup: MarkupState, index: number | null, key: string): boolean {
    const state = surface.model.state;
    if (!state || markup.locked) return false;
    const size = surface.size();
    const near = nearOf(markup, surface, index);
    const mm = mmAt(state, size, near);
    const step = mm > 0 ? Math.max(1, 0.5 / mm) : 1; // at least half a millimetre
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [
      0, 0,
    ];
    const from = pointAt(state, size, { x: 0.5, y: 0.5 }, near);
    const to = pointAt(
      state,
      size,
      { x: 0.5 + ((dx ?? 0) * step) / size[0], y: 0.5 + ((dy ?? 0) * step) / size[1] },
      near,
    );
    const kind = markup.frame ? "middle" : index === null ? "body" : "point";
    const handle: Handle = { kind, index: index ?? -1, at: near, sides: [0, 0, 0] };
    this.host.change(markup.id, dragged(markup, handle, subtract(to, from)));
    return true;
  }
}

/** Where a spot means a handle to be, which lies at `at` now. */
function placeOf(state: ViewState, size: Size, spot: Spot, { axis }: Handle, at: Vector3): Vector3 {
  return axis ? pointOn(state, size, spot, at, axis) : pointAt(state, size, spot, at);
}

/** A point of a markup, for how far away it is. */
function nearOf(markup: MarkupState, surface: Surface, index: number | null = null): Vector3 {
  const state = surface.model.state;
  const handles = state ? handlesOf(markup, state, surface.size()) : [];
  return (handles[index ?? 0] ?? handles[0])?.at ?? [0, 0, 0];
}
