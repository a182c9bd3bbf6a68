/**
 * The brush over slice views: mouse, pen and finger paint along their way, Shift with the wheel changes its size. Strokes are drawn here
 * at once and go when a picture shows them. Knows nothing of frameworks.
 */
import type { SliceState, Vector3 } from "../../net/protocol";
import type { Edited } from "../../net/segments";
import { type Interceptor, type Spot, spotOf } from "../interceptors";
import type { Surface } from "../pointer";
import { column, mmPerPixel, unproject } from "../slice";
import { BrushLayer, type Pending } from "./layer";
import { StrokeSender } from "./strokes";

export const LEAST_MM = 0.2;
export const MOST_MM = 200;
const PEN_ERASER = 32;
/** A picture that does not come in this time is not waited for. */
const FORGET_MS = 1500;

export type Mode = "paint" | "erase" | "pick";

export interface BrushHost {
  /** What a click does now, null where it is not ours. */
  mode(): Mode | null;
  radius(): number;
  setRadius(mm: number): void;
  isSphere(): boolean;
  /** Of the segment that is painted, CSS; null where none is chosen. */
  color(): string | null;
  paint(points: Vector3[], normal: Vector3 | undefined, erase: boolean, stroke: string): Promise<Edited>;
  /** A click where a point is asked for. */
  picked(point: Vector3): void;
  /** Revision of the picture that a view shows. */
  shown(view: string): number;
  failed(error: unknown): void;
  /** Somebody wants to paint, and there is no segment. */
  nothingToPaint(): void;
  /** A key over a view; true takes it. */
  key(event: KeyboardEvent): boolean;
  /** From an input until a picture showed it, ms. */
  aged(ms: number): void;
}

interface Place {
  surface: Surface;
  layer: BrushLayer;
  cursor: Spot | null;
  pending: (Pending & { at: number })[];
}

export class Brush implements Interceptor {
  private readonly places = new Map<string, Place>();
  private stroke: { view: string; sender: StrokeSender; erase: boolean } | null = null;
  private strokes = 0;
  private due = false;
  private readonly word = Math.random().toString(36).slice(2, 10);

  constructor(private readonly host: BrushHost) {}

  down(surface: Surface, spot: Spot, event: PointerEvent): boolean {
    const state = surface.model.state;
    const mode = this.host.mode();
    const isPenEraser = (event.buttons & PEN_ERASER) !== 0;
    const isOurs = event.button === 0 || isPenEraser;
    if (!mode || !isOurs || event.shiftKey || state?.kind !== "slice") return false;
    const point = unproject(state, surface.size(), spot);
    if (mode === "pick") {
      this.host.picked(point);
      return true;
    }
    const color = this.host.color();
    if (!color) {
      this.host.nothingToPaint();
      return true;
    }
    const place = this.placeOf(surface);
    const erase = (mode === "erase") !== (event.ctrlKey || event.metaKey || isPenEraser);
    const radius = this.host.radius();
    const normal = this.host.isSphere() ? undefined : column(state.slice_to_ras, 2);
    this.strokes += 1;
    const stroke = `${this.word}-${this.strokes}`;
    const sender = new StrokeSender(
      (points) => this.host.paint(points, normal, erase, stroke),
      (points) => this.followed(place, surface.view, points, radius, erase ? "rgb(0 0 0 / 45%)" : color),
      (error) => {
        if (error) this.host.failed(error);
        this.redraw();
      },
      Math.min(radius / 8, mmPerPixel(state, surface.size())),
    );
    this.stroke = { view: surface.view, sender, erase };
    place.cursor = spot;
    sender.add(point);
    this.redraw();
    return true;
  }

  move(surface: Surface, spot: Spot, event: PointerEvent): void {
    const state = surface.model.state;
    if (!this.stroke || state?.kind !== "slice") return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) {
      this.stroke.sender.add(unproject(state, surface.size(), spotOf(surface.element, one)));
    }
    this.placeOf(surface).cursor = spot;
    this.redraw();
  }

  up(): void {
    this.stroke?.sender.end();
    this.stroke = null;
  }

  hover(surface: Surface, spot: Spot | null, event: PointerEvent): void {
    if (!this.host.mode() && !this.places.has(surface.view)) return;
    if (surface.model.state?.kind !== "slice") return;
    const place = this.placeOf(surface);
    place.cursor = event.pointerType === "touch" && !this.stroke ? null : spot;
    this.redraw();
  }

  wheel(surface: Surface, _spot: Spot, event: WheelEvent): boolean {
    if (!event.shiftKey || !this.isPainting() || surface.model.state?.kind !== "slice") return false;
    const turned = event.deltaY || event.deltaX; // browsers turn the wheel sideways with Shift
    this.resize(1.1 ** (-turned / 100));
    return true;
  }

  key(_surface: Surface, event: KeyboardEvent): boolean {
    return this.host.key(event);
  }

  double(surface: Surface): boolean {
    return this.host.mode() !== null && surface.model.state?.kind === "slice";
  }

  resize(factor: number): void {
    this.host.setRadius(Math.min(Math.max(this.host.radius() * factor, LEAST_MM), MOST_MM));
    this.redraw();
  }

  isPainting(): boolean {
    const mode = this.host.mode();
    return mode === "paint" || mode === "erase";
  }

  /** A view shows another picture, or lies elsewhere: what it shows of strokes is not drawn here any more. */
  pictured(view: string): void {
    const place = this.places.get(view);
    if (!place?.pending.length) return;
    const shown = this.host.shown(view);
    const now = performance.now();
    place.pending = place.pending.filter(({ rev, at }) => {
      const isThere = rev !== null && rev <= shown;
      if (isThere) this.host.aged(now - at);
      return !isThere && now - at < FORGET_MS;
    });
    this.redraw();
  }

  /** Draw with the next frame. */
  redraw(): void {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      for (const place of this.places.values()) this.draw(place);
    });
  }

  /** The views' layers go. */
  end(): void {
    for (const { layer } of this.places.values()) layer.remove();
    this.places.clear();
    this.stroke = null;
  }

  private draw({ surface, layer, cursor, pending }: Place): void {
    const state = surface.model.state;
    if (state?.kind !== "slice") return;
    const color = this.host.color();
    const isShown = cursor !== null && color !== null && this.isPainting();
    const left = this.stroke?.view === surface.view ? this.stroke.sender.left : [];
    const ahead: Pending[] = left.length
      ? [
          {
            points: left,
            radius: this.host.radius(),
            color: this.stroke?.erase ? "rgb(0 0 0 / 45%)" : (color ?? "#fff"),
            rev: null,
          },
        ]
      : [];
    layer.draw(
      state as SliceState,
      surface.size(),
      isShown ? cursor : null,
      this.host.radius(),
      this.host.mode() === "erase" ? "#ffffff" : (color ?? "#ffffff"),
      [...pending, ...ahead],
    );
    surface.element.classList.toggle("painting", this.host.mode() !== null);
  }

  private followed(place: Place, view: string, points: Vector3[], radius: number, color: string) {
    const part = { points, radius, color, rev: null as number | null, at: performance.now() };
    place.pending.push(part);
    return (answer: Edited | null) => {
      part.rev = answer ? (answer.views[view] ?? 0) : 0;
      this.pictured(view);
    };
  }

  private placeOf(surface: Surface): Place {
    let found = this.places.get(surface.view);
    if (found && found.surface.element !== surface.element) {
      found.layer.remove();
      found = undefined;
    }
    if (!found) {
      found = { surface, layer: new BrushLayer(surface.element), cursor: null, pending: [] };
      this.places.set(surface.view, found);
    }
    return found;
  }
}
