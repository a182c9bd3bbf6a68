/**
 * Placing markups by clicks, drags, touches and keys. A markup is made on the server with its first point and follows the pointer there, so
 * everybody sees it come; giving up takes it away without a trace. Knows nothing of frameworks.
 */
import type { MarkupKind, MarkupPatch, MarkupState, SliceState, Vector3 } from "../../net/protocol";
import type { Interceptor, Spot } from "../interceptors";
import type { Surface } from "../pointer";
import { add, dot, scale, subtract } from "../vectors";
import { apart } from "./handles";
import { axesOf, frameOf, mmAt, pointAt, type Size, see } from "./lens";

const DRAG_PX = 6;
const FREEHAND_PX = 10;
const KEY_STEP = 0.01;
const BOX_IN_3D_MM = 40;
/** Control points after which a markup is whole; others are ended by a double click or Enter. */
const WHOLE: Partial<Record<MarkupKind, number>> = { line: 2, angle: 3 };
const LEAST: Partial<Record<MarkupKind, number>> = { curve: 2, closedCurve: 3, line: 2, angle: 3, points: 1 };
const isBox = (kind: MarkupKind) => kind === "plane" || kind === "roi";

export interface PlacingHost {
  /** The kind of markup that is placed now. */
  kind(): MarkupKind | null;
  make(kind: MarkupKind, patch: MarkupPatch, gesture: string): Promise<MarkupState>;
  /** Soon, newest wins. */
  move(view: string, id: string, patch: MarkupPatch, gesture: string): void;
  finish(id: string, patch: MarkupPatch, gesture: string): Promise<MarkupState>;
  drop(id: string, gesture: string): Promise<void>;
  pick(view: string, spot: Spot, size: Size): Promise<Vector3 | null>;
  /** The point list that further points go to. */
  list(): MarkupState | null;
  depthOf(state: SliceState, width: number, height: number): number;
  show(
    view: string,
    kind: MarkupKind,
    points: Vector3[],
    frame: number[] | null,
    size: number[] | null,
  ): void;
  hide(): void;
  cursor(view: string, spot: Spot | null): void;
  /** It is whole, though the server has not said so yet: the next gesture is another. */
  ended(): void;
  placed(state: MarkupState): void;
  stop(): void;
  failed(error: unknown): void;
}

interface Making {
  kind: MarkupKind;
  view: string;
  gesture: string;
  made: Promise<MarkupState>;
  id: string | null;
  patch: MarkupPatch;
}

export class Placing implements Interceptor {
  private making: Making | null = null;
  private fixed: Vector3[] = [];
  private pressed: { spot: Spot; moved: boolean; last: Spot } | null = null;
  private corner: Vector3 | null = null;
  private keySpot: { view: string; spot: Spot } | null = null;
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly host: PlacingHost) {}

  down(surface: Surface, spot: Spot, event: PointerEvent): boolean {
    const kind = this.host.kind();
    if (!kind || event.button !== 0 || event.shiftKey) return false;
    this.forgetKeys(surface);
    this.pressed = { spot, moved: false, last: spot };
    if (!isBox(kind)) this.place(surface, spot);
    else if (surface.model.state?.kind === "threeD") this.boxAt(surface, spot);
    else if (this.corner) this.stretch(surface, spot);
    else this.corner = this.under(surface, spot);
    return true;
  }

  move(surface: Surface, spot: Spot): void {
    const { pressed } = this;
    const kind = this.host.kind();
    if (!pressed || !kind) return;
    const size = surface.size();
    const ratio = devicePixelRatio;
    if (apart(pressed.spot, spot, size) > DRAG_PX * ratio) pressed.moved = true;
    if (!pressed.moved) return;
    const isCurve = kind === "curve" || kind === "closedCurve";
    if (isBox(kind)) this.stretch(surface, spot);
    else if (isCurve && apart(pressed.last, spot, size) > FREEHAND_PX * ratio) {
      pressed.last = spot;
      this.place(surface, spot);
    } else if (!isCurve && kind !== "points") this.preview(surface, spot);
  }

  up(surface: Surface, spot: Spot, _event: PointerEvent, cancelled: boolean): void {
    const { pressed } = this;
    this.pressed = null;
    const kind = this.host.kind();
    if (!pressed || !kind) return;
    if (cancelled) this.give();
    else if (isBox(kind)) {
      if (pressed.moved || (this.making && this.corner)) this.endBox();
    } else if (pressed.moved && (kind === "line" || kind === "angle")) this.place(surface, spot);
    else if (pressed.moved && kind === "closedCurve" && this.fixed.length > 5) this.end();
    else if (pressed.moved && kind === "curve" && this.fixed.length > 5) this.end();
  }

  hover(surface: Surface, spot: Spot | null, event: PointerEvent): void {
    if (!spot || this.pressed || event.pointerType === "touch" || !this.host.kind()) return;
    if (this.corner) this.stretch(surface, spot);
    else if (this.making) this.preview(surface, spot);
  }

  double(): boolean {
    const kind = this.host.kind();
    if (kind === "curve" || kind === "closedCurve") this.end();
    return kind !== null;
  }

  key(surface: Surface, event: KeyboardEvent): boolean {
    const kind = this.host.kind();
    if (!kind || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "Escape") {
      this.escape();
      return true;
    }
    if (event.key === "Backspace" && this.making && this.fixed.length > 1) {
      this.fixed.pop();
      this.sendPoints(null);
      return true;
    }
    const step = event.shiftKey ? 5 * KEY_STEP : KEY_STEP;
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (by) this.moveKeySpot(surface, (by[0] ?? 0) * step, (by[1] ?? 0) * step);
    else if (event.key === "Enter" || event.key === " ") this.placeByKey(surface, kind);
    else return false;
    return true;
  }

  /** Another tool was chosen, or none: what is begun with this one ends. */
  changed(kind: MarkupKind | null): void {
    if (this.making && this.making.kind !== kind) this.escape();
    if (!kind) this.corner = this.keySpot = null;
  }

  /** Put the tool away; what is begun is given up, a curve with points enough is kept. */
  escape(): void {
    const kind = this.making?.kind;
    if (kind && (kind === "curve" || kind === "closedCurve") && this.fixed.length >= (LEAST[kind] ?? 1))
      this.end();
    else if (this.making || this.corner) this.give();
    else this.host.stop();
  }

  // -- points ------------------------------------------------------------------------------------------------

  private under(surface: Surface, spot: Spot, near?: Vector3): Vector3 {
    const state = surface.model.state;
    return state ? pointAt(state, surface.size(), spot, near) : [0, 0, 0];
  }

  /** Place a point; in 3D on what is seen there. Points come in the order of the clicks. */
  private place(surface: Surface, spot: Spot): void {
    const kind = this.host.kind();
    if (!kind) return;
    if (surface.model.state?.kind === "slice") {
      this.add(surface, kind, this.under(surface, spot));
      return;
    }
    const seen = this.host.pick(surface.view, spot, surface.size());
    this.turn = this.turn
      .then(async () => {
        const at = (await seen) ?? this.under(surface, spot, this.fixed[this.fixed.length - 1]);
        if (this.host.kind() === kind) this.add(surface, kind, at);
      })
      .catch((error) => this.host.failed(error));
  }

  private add(surface: Surface, kind: MarkupKind, at: Vector3): void {
    if (kind === "points") {
      this.addToList(surface, at);
      return;
    }
    const last = this.fixed[this.fixed.length - 1];
    const isSame = last && Math.hypot(...subtract(last, at)) < 1e-3;
    if (isSame && this.making) return; // a double click, or a press that has not moved
    this.fixed.push(at);
    if (!this.making) this.begin(kind, surface.view, { points: [at, at] });
    if (this.fixed.length === WHOLE[kind]) this.end();
    else this.sendPoints(at);
  }

  private addToList(surface: Surface, at: Vector3): void {
    this.turn = this.turn
      .then(async () => {
        const known = this.host.list();
        const gesture = newGesture();
        const state = known
          ? await this.host.finish(known.id, { index: known.count, position: at }, gesture)
          : await this.host.make("points", { points: [at] }, gesture);
        this.host.placed(state);
      })
      .catch((error) => this.host.failed(error));
    this.host.show(surface.view, "points", [at], null, null);
  }

  private preview(surface: Surface, spot: Spot): void {
    if (!this.making || surface.view !== this.making.view) return;
    this.sendPoints(this.under(surface, spot, this.fixed[this.fixed.length - 1]));
  }

  private sendPoints(preview: Vector3 | null): void {
    this.send({ points: preview ? [...this.fixed, preview] : [...this.fixed] });
  }

  // -- boxes -------------------------------------------------------------------------------------------------

  private stretch(surface: Surface, spot: Spot): void {
    const kind = this.host.kind();
    const state = surface.model.state;
    if (!kind || !this.corner || state?.kind !== "slice") return;
    const axes = axesOf(state);
    const by = subtract(this.under(surface, spot), this.corner);
    const least = mmAt(state, surface.size(), this.corner);
    const width = Math.max(least, Math.abs(dot(by, axes[0])));
    const height = Math.max(least, Math.abs(dot(by, axes[1])));
    const flat = add(scale(axes[0], dot(by, axes[0])), scale(axes[1], dot(by, axes[1])));
    const frame = frameOf(axes, add(this.corner, scale(flat, 0.5)));
    const size =
      kind === "plane" ? [width, height] : [width, height, this.host.depthOf(state, width, height)];
    if (!this.making) this.begin(kind, surface.view, { frame, size });
    this.send({ frame, size });
  }

  private endBox(): void {
    this.corner = null;
    this.end();
  }

  private boxAt(surface: Surface, spot: Spot): void {
    const kind = this.host.kind();
    if (!kind) return;
    this.host.ended();
    this.turn = this.turn
      .then(async () => {
        const at = (await this.host.pick(surface.view, spot, surface.size())) ?? this.under(surface, spot);
        const size = [BOX_IN_3D_MM, BOX_IN_3D_MM, BOX_IN_3D_MM].slice(0, kind === "plane" ? 2 : 3);
        const patch = {
          frame: frameOf(
            [
              [1, 0, 0],
              [0, 1, 0],
              [0, 0, 1],
            ],
            at,
          ),
          size,
        };
        this.host.placed(await this.host.make(kind, patch, newGesture()));
      })
      .catch((error) => this.host.failed(error));
  }

  // -- making ------------------------------------------------------------------------------------------------

  private begin(kind: MarkupKind, view: string, patch: MarkupPatch): void {
    const gesture = newGesture();
    const making: Making = {
      kind,
      view,
      gesture,
      id: null,
      patch,
      made: this.host.make(kind, patch, gesture),
    };
    this.making = making;
    making.made
      .then((state) => {
        making.id = state.id;
        if (this.making === making) this.host.move(view, state.id, making.patch, gesture);
      })
      .catch((error) => {
        if (this.making === making) this.clear();
        this.host.failed(error);
      });
    this.show();
  }

  private send(patch: MarkupPatch): void {
    const { making } = this;
    if (!making) return;
    making.patch = patch;
    if (making.id) this.host.move(making.view, making.id, patch, making.gesture);
    this.show();
  }

  private show(): void {
    const { making } = this;
    if (!making) return;
    const { points, frame, size } = making.patch;
    this.host.show(making.view, making.kind, points ?? [], frame ?? null, size ?? null);
  }

  /** It is whole. */
  private end(): void {
    const { making, fixed } = this;
    if (!making) return;
    const isEnough = isBox(making.kind) || fixed.length >= (LEAST[making.kind] ?? 1);
    if (!isEnough) {
      this.give();
      return;
    }
    const patch = isBox(making.kind) ? making.patch : { points: [...fixed] };
    this.clear();
    this.host.ended();
    making.made
      .then((state) => this.host.finish(state.id, patch, making.gesture))
      .then((state) => this.host.placed(state))
      .catch((error) => this.host.failed(error));
  }

  /** Give up what is begun. */
  private give(): void {
    const { making } = this;
    this.clear();
    making?.made
      .then((state) => this.host.drop(state.id, making.gesture))
      .catch((error) => this.host.failed(error));
  }

  private clear(): void {
    this.making = this.corner = this.pressed = null;
    this.fixed = [];
    this.host.hide();
  }

  // -- keys --------------------------------------------------------------------------------------------------

  private spotIn(surface: Surface): Spot {
    return this.keySpot?.view === surface.view ? this.keySpot.spot : { x: 0.5, y: 0.5 };
  }

  private moveKeySpot(surface: Surface, dx: number, dy: number): void {
    const { x, y } = this.spotIn(surface);
    const spot = { x: Math.min(1, Math.max(0, x + dx)), y: Math.min(1, Math.max(0, y + dy)) };
    this.keySpot = { view: surface.view, spot };
    this.host.cursor(surface.view, spot);
    if (this.corner) this.stretch(surface, spot);
    else if (this.making) this.preview(surface, spot);
  }

  private placeByKey(surface: Surface, kind: MarkupKind): void {
    if (!this.keySpot && this.making && !WHOLE[kind] && !isBox(kind)) {
      this.end(); // it was placed by clicks
      return;
    }
    const spot = this.spotIn(surface);
    this.keySpot = { view: surface.view, spot };
    this.host.cursor(surface.view, spot);
    const last = this.fixed[this.fixed.length - 1];
    const state = surface.model.state;
    const seen = last && state ? see(state, surface.size(), last) : null;
    if (isBox(kind) && this.corner) {
      this.stretch(surface, spot);
      this.endBox();
    } else if (isBox(kind) && state?.kind === "slice") this.corner = this.under(surface, spot);
    else if (isBox(kind)) this.boxAt(surface, spot);
    else if (seen && apart(seen, spot, surface.size()) < 1 && !WHOLE[kind]) this.end();
    else this.place(surface, spot);
  }

  private forgetKeys(surface: Surface): void {
    this.keySpot = null;
    this.host.cursor(surface.view, null);
  }
}

let gestures = 0;

/** A word for what belongs together, that no other page says. */
export function newGesture(): string {
  gestures += 1;
  return `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}${gestures}`;
}
