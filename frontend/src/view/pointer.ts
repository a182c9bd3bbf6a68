/** Pointer, wheel and keys over one view, turned into changes of its state. */

import type { SliceState, ThreeDState } from "../net/protocol";
import { pan as panCamera, rotate, zoom as zoomCamera } from "./camera";
import { type Interceptor, interceptors, type Spot, spotOf } from "./interceptors";
import type { ViewModel } from "./model";
import { pan, rectOf, scroll, unproject, WheelSteps, windowed, zoom } from "./slice";
import { type Turn, turned } from "./turns";

type Size = [number, number];
type Drag = "primary" | "pan" | "zoom" | "point";

export interface Surface {
  /** The view's name. */
  view: string;
  model: ViewModel;
  element: HTMLElement;
  /** Device pixels. */
  size(): Size;
  /** The user acts on this view. */
  onFocus?(): void;
  /** Double click or Enter. */
  onToggle?(): void;
  /** A click or tap that is no drag. */
  onTap?(spot: Spot): void;
  /** Space. */
  onPlay?(): void;
}

const TAP_PX = 5;
const TAP_MS = 400;
/** A finger that rests so long means the place under it. */
const HOLD_MS = 500;
const TURN_KEYS: Record<string, Turn> = { h: "flipAcross", v: "flipAlong", "]": "right", "[": "left" };

export function reset(model: ViewModel): void {
  model.change(model.state?.kind === "threeD" ? { reset: true } : { fit: true });
}

export function scrollBy(model: ViewModel, steps: number): void {
  if (model.state?.kind === "slice") model.change(scroll(model.state, steps));
}

export function zoomBy(model: ViewModel, factor: number, size: Size): void {
  const { state } = model;
  if (state?.kind === "threeD") model.change({ camera: zoomCamera(state.camera, factor) });
  else if (state) moveTo(model, state, zoom(state, factor), size);
}

/** Flip or turn a slice about its centre. */
export function turn(model: ViewModel, kind: Turn): void {
  const { state } = model;
  if (state?.kind === "slice") model.change({ slice_to_ras: turned(state.slice_to_ras, kind) });
}

/** Change a slice and say what it will show, so that the last picture can be drawn in the right place meanwhile. */
export function moveTo(model: ViewModel, state: SliceState, patch: Partial<SliceState>, size: Size): void {
  model.change(patch, { from: rectOf(state, size), to: rectOf({ ...state, ...patch }, size) });
}

/** Attach all interaction; returns a function that removes it. */
export function attach(surface: Surface): () => void {
  const { model, element } = surface;
  const wheel = new WheelSteps();
  const touches = new Map<number, { x: number; y: number }>();
  /** Pens that touch the view. */
  const pens = new Set<number>();
  let drag: Drag | null = null;
  let last = { x: 0, y: 0 };
  let begun: { x: number; y: number; at: number } | null = null;
  let holding: ReturnType<typeof setTimeout> | undefined;
  /** Who has taken the gesture of a pointer. */
  let taken: { by: Interceptor; pointer: number } | null = null;

  function dragBy(dx: number, dy: number): void {
    const state = model.state;
    if (!state || !drag) return;
    const box = element.getBoundingClientRect();
    const right = dx / box.width;
    const up = -dy / box.height;
    const size = surface.size();
    if (drag === "zoom") zoomBy(model, 2 ** (up * 2), size);
    else if (state.kind === "threeD") dragCamera(state, right, up, box);
    else if (drag === "pan") moveTo(model, state, pan(state, right * size[0], -up * size[1], size), size);
    else {
      const values = windowed(state, right, up);
      if (values) model.change(values);
    }
  }

  function dragCamera(state: ThreeDState, right: number, up: number, box: DOMRect): void {
    const aspect = box.width / box.height;
    const moved =
      drag === "pan" ? panCamera(state.camera, right * aspect, up) : rotate(state.camera, right, up);
    model.change({ camera: moved });
  }

  function pinch(before: { x: number; y: number }[], after: { x: number; y: number }[]): void {
    const [a, b] = before;
    const [c, d] = after;
    const state = model.state;
    if (!a || !b || !c || !d || !state) return;
    const spread = Math.hypot(d.x - c.x, d.y - c.y) / (Math.hypot(b.x - a.x, b.y - a.y) || 1);
    drag = "pan";
    dragBy((c.x + d.x - a.x - b.x) / 2, (c.y + d.y - a.y - b.y) / 2);
    zoomBy(model, spread, surface.size());
  }

  function onDown(event: PointerEvent): void {
    if (event.pointerType === "touch" && pens.size > 0) return; // the hand that holds the pen
    if (event.pointerType === "pen") {
      pens.add(event.pointerId);
      stopDrag(); // of a palm that was there first
    }
    element.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    surface.onFocus?.();
    if (taken) return;
    const spot = spotOf(element, event);
    const by = touches.size ? undefined : interceptors.find((one) => one.down?.(surface, spot, event));
    if (by) {
      taken = { by, pointer: event.pointerId };
      return;
    }
    touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
    last = { x: event.clientX, y: event.clientY };
    begun =
      touches.size === 1 && event.button === 0 && !event.shiftKey ? { ...last, at: event.timeStamp } : null;
    if (event.button === 1 || (event.button === 0 && event.shiftKey)) drag = "pan";
    else if (event.button === 2) drag = "zoom";
    else drag = "primary";
    if (event.button === 1) event.preventDefault();
    clearTimeout(holding);
    if (begun && event.pointerType === "touch" && model.state?.kind === "slice")
      holding = setTimeout(() => hold(spot), HOLD_MS);
  }

  /** A finger has rested: the other slices follow it from now on, as they follow the mouse with Shift. */
  function hold(spot: Spot): void {
    if (!begun || drag !== "primary") return;
    begun = null;
    drag = "point";
    point(spot);
  }

  function onMove(event: PointerEvent): void {
    if (event.pointerType === "touch" && pens.size > 0) return;
    tellHover(event, spotOf(element, event));
    if (taken?.pointer === event.pointerId) taken.by.move?.(surface, spotOf(element, event), event);
    if (event.buttons === 0 && event.shiftKey && event.pointerType !== "touch") point(spotOf(element, event));
    if (!drag || !touches.has(event.pointerId)) return;
    if (begun && Math.hypot(event.clientX - begun.x, event.clientY - begun.y) > TAP_PX) begun = null;
    if (drag === "point") {
      point(spotOf(element, event));
      return;
    }
    const before = [...touches.values()];
    touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (before.length > 1) {
      pinch(before, [...touches.values()]);
      return;
    }
    const dx = event.clientX - last.x;
    const dy = event.clientY - last.y;
    last = { x: event.clientX, y: event.clientY };
    if (event.pointerType === "touch" && drag === "primary" && model.state?.kind === "slice") {
      scrollBy(model, wheel.take(dy * 5, 0)); // a finger scrolls; windowing needs two hands' worth of precision
    } else {
      dragBy(dx, dy);
    }
  }

  /** Move the crosshair, which the other slices follow. */
  function point(spot: Spot): void {
    const state = model.state;
    if (state?.kind === "slice") model.change({ crosshair: unproject(state, surface.size(), spot) });
  }

  function tellHover(event: PointerEvent, spot: Spot | null): void {
    for (const one of interceptors) one.hover?.(surface, spot, event);
  }

  function onUp(event: PointerEvent): void {
    pens.delete(event.pointerId);
    if (taken?.pointer === event.pointerId) {
      const { by } = taken;
      taken = null;
      by.up?.(surface, spotOf(element, event), event, event.type !== "pointerup");
    }
    if (begun && event.type === "pointerup" && event.timeStamp - begun.at < TAP_MS)
      surface.onTap?.(spotOf(element, event));
    begun = null;
    clearTimeout(holding);
    touches.delete(event.pointerId);
    if (touches.size === 0) drag = null;
  }

  function onWheel(event: WheelEvent): void {
    event.preventDefault();
    surface.onFocus?.();
    const state = model.state;
    const spot = spotOf(element, event);
    if (!state || interceptors.some((one) => one.wheel?.(surface, spot, event))) return;
    if (state.kind === "threeD" || event.ctrlKey) {
      const pixels = event.deltaMode === 1 ? event.deltaY * 33 : event.deltaY;
      zoomBy(model, 1.1 ** (-pixels / 100), surface.size());
    } else {
      const steps = wheel.take(event.deltaY, event.deltaMode);
      if (steps) scrollBy(model, steps);
    }
  }

  function onKey(event: KeyboardEvent): void {
    const state = model.state;
    if (interceptors.some((one) => one.key?.(surface, event))) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (!state || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[
      event.key
    ];
    if (steps !== undefined && state.kind === "slice") scrollBy(model, steps);
    else if (steps !== undefined && state.kind === "threeD") turnByKey(state, event.key);
    else if (event.key === "+" || event.key === "=") zoomBy(model, 1.15, surface.size());
    else if (event.key === "-") zoomBy(model, 1 / 1.15, surface.size());
    else if (event.key === "r") reset(model);
    else if (TURN_KEYS[event.key] && state.kind === "slice") turn(model, TURN_KEYS[event.key] as Turn);
    else if (event.key === " ") surface.onPlay?.();
    else if (event.key === "Enter") surface.onToggle?.();
    else return;
    if (event.key !== " ") surface.onFocus?.();
    event.preventDefault();
  }

  function turnByKey(state: ThreeDState, key: string): void {
    const right = { ArrowRight: 0.03, ArrowLeft: -0.03 }[key] ?? 0;
    const up = { ArrowUp: 0.03, ArrowDown: -0.03, PageUp: 0.15, PageDown: -0.15 }[key] ?? 0;
    model.change({ camera: rotate(state.camera, right, up) });
  }

  const stopDrag = () => {
    clearTimeout(holding);
    drag = null;
    touches.clear();
  };
  const noMenu = (event: Event) => event.preventDefault();
  const leave = (event: PointerEvent) => tellHover(event, null);
  const double = (event: MouseEvent) => {
    const spot = spotOf(element, event);
    if (!interceptors.some((one) => one.double?.(surface, spot, event))) surface.onToggle?.();
  };
  element.addEventListener("pointerdown", onDown);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerup", onUp);
  element.addEventListener("pointercancel", onUp);
  element.addEventListener("lostpointercapture", onUp);
  element.addEventListener("pointerleave", leave);
  element.addEventListener("wheel", onWheel, { passive: false });
  element.addEventListener("keydown", onKey);
  element.addEventListener("contextmenu", noMenu);
  element.addEventListener("dblclick", double);
  window.addEventListener("blur", stopDrag);
  return () => window.removeEventListener("blur", stopDrag);
}
