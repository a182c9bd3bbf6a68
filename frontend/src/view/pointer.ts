/** Pointer, wheel and keys over one view, turned into changes of its state. */

import type { SliceState, ThreeDState, ViewState } from "../net/protocol";
import { change, maximized, states, stream, type ViewName } from "../state/store";
import { pan as panCamera, rotate, zoom as zoomCamera } from "./camera";
import { pan, rectOf, scroll, WheelSteps, windowed, zoom } from "./slice";

type Size = [number, number];
type Drag = "primary" | "pan" | "zoom";

export interface Surface {
  view: ViewName;
  element: HTMLElement;
  /** Device pixels. */
  size(): Size;
}

export function toggleMaximized(view: ViewName): void {
  maximized.value = maximized.value === view ? null : view;
}

export function reset(view: ViewName): void {
  change(view, states(view).value?.kind === "threeD" ? { reset: true } : { fit: true });
}

export function scrollBy(view: ViewName, steps: number): void {
  const state = states(view).value;
  if (state?.kind === "slice") change(view, scroll(state, steps));
}

export function zoomBy(view: ViewName, factor: number, size: Size): void {
  const state = states(view).value;
  if (state) applyZoom(view, state, factor, size);
}

function applyZoom(view: ViewName, state: ViewState, factor: number, size: Size): void {
  if (state.kind === "threeD") change(view, { camera: zoomCamera(state.camera, factor) });
  else withRect(view, state, zoom(state, factor), size);
}

/** Change a slice and say what it will show, so that the last picture can be drawn in the right place meanwhile. */
function withRect(view: ViewName, state: SliceState, patch: Partial<SliceState>, size: Size): void {
  change(view, patch, rectOf({ ...state, ...patch }, size));
}

/** Attach all interaction; returns a function that removes it. */
export function attach(surface: Surface): () => void {
  const { view, element } = surface;
  const wheel = new WheelSteps();
  const touches = new Map<number, { x: number; y: number }>();
  let drag: Drag | null = null;
  let last = { x: 0, y: 0 };

  function dragBy(dx: number, dy: number): void {
    const state = states(view).value;
    if (!state || !drag) return;
    const box = element.getBoundingClientRect();
    const right = dx / box.width;
    const up = -dy / box.height;
    const size = surface.size();
    if (drag === "zoom") applyZoom(view, state, 2 ** (up * 2), size);
    else if (state.kind === "threeD") dragCamera(state, right, up, box);
    else if (drag === "pan") withRect(view, state, pan(state, right * size[0], -up * size[1], size), size);
    else {
      const values = windowed(state, right, up);
      if (values) change(view, values);
    }
  }

  function dragCamera(state: ThreeDState, right: number, up: number, box: DOMRect): void {
    const aspect = box.width / box.height;
    const moved =
      drag === "pan" ? panCamera(state.camera, right * aspect, up) : rotate(state.camera, right, up);
    change(view, { camera: moved });
  }

  function pinch(before: { x: number; y: number }[], after: { x: number; y: number }[]): void {
    const [a, b] = before;
    const [c, d] = after;
    const state = states(view).value;
    if (!a || !b || !c || !d || !state) return;
    const spread = Math.hypot(d.x - c.x, d.y - c.y) / (Math.hypot(b.x - a.x, b.y - a.y) || 1);
    drag = "pan";
    dragBy((c.x + d.x - a.x - b.x) / 2, (c.y + d.y - a.y - b.y) / 2);
    const now = states(view).value;
    if (now) applyZoom(view, now, spread, surface.size());
  }

  function onDown(event: PointerEvent): void {
    element.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    stream.focus(view);
    touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
    last = { x: event.clientX, y: event.clientY };
    if (event.button === 1 || (event.button === 0 && event.shiftKey)) drag = "pan";
    else if (event.button === 2) drag = "zoom";
    else drag = "primary";
    if (event.button === 1) event.preventDefault();
  }

  function onMove(event: PointerEvent): void {
    if (!drag || !touches.has(event.pointerId)) return;
    const before = [...touches.values()];
    touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (before.length > 1) {
      pinch(before, [...touches.values()]);
      return;
    }
    const dx = event.clientX - last.x;
    const dy = event.clientY - last.y;
    last = { x: event.clientX, y: event.clientY };
    if (event.pointerType === "touch" && drag === "primary" && states(view).value?.kind === "slice") {
      scrollBy(view, wheel.take(dy * 5, 0)); // a finger scrolls; windowing needs two hands' worth of precision
    } else {
      dragBy(dx, dy);
    }
  }

  function onUp(event: PointerEvent): void {
    touches.delete(event.pointerId);
    if (touches.size === 0) drag = null;
  }

  function onWheel(event: WheelEvent): void {
    event.preventDefault();
    stream.focus(view);
    const state = states(view).value;
    if (!state) return;
    if (state.kind === "threeD" || event.ctrlKey) {
      const pixels = event.deltaMode === 1 ? event.deltaY * 33 : event.deltaY;
      applyZoom(view, state, 1.1 ** (-pixels / 100), surface.size());
    } else {
      const steps = wheel.take(event.deltaY, event.deltaMode);
      if (steps) scrollBy(view, steps);
    }
  }

  function onKey(event: KeyboardEvent): void {
    const state = states(view).value;
    if (!state || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[
      event.key
    ];
    if (steps !== undefined && state.kind === "slice") scrollBy(view, steps);
    else if (steps !== undefined && state.kind === "threeD") turnByKey(state, event.key);
    else if (event.key === "+" || event.key === "=") applyZoom(view, state, 1.15, surface.size());
    else if (event.key === "-") applyZoom(view, state, 1 / 1.15, surface.size());
    else if (event.key === "r") reset(view);
    else if (event.key === "Enter" || event.key === "m") toggleMaximized(view);
    else return;
    event.preventDefault();
  }

  function turnByKey(state: ThreeDState, key: string): void {
    const right = { ArrowRight: 0.03, ArrowLeft: -0.03 }[key] ?? 0;
    const up = { ArrowUp: 0.03, ArrowDown: -0.03, PageUp: 0.15, PageDown: -0.15 }[key] ?? 0;
    change(view, { camera: rotate(state.camera, right, up) });
  }

  const stopDrag = () => {
    drag = null;
    touches.clear();
  };
  const noMenu = (event: Event) => event.preventDefault();
  const double = () => toggleMaximized(view);
  element.addEventListener("pointerdown", onDown);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerup", onUp);
  element.addEventListener("pointercancel", onUp);
  element.addEventListener("lostpointercapture", onUp);
  element.addEventListener("wheel", onWheel, { passive: false });
  element.addEventListener("keydown", onKey);
  element.addEventListener("contextmenu", noMenu);
  element.addEventListener("dblclick", double);
  window.addEventListener("blur", stopDrag);
  return () => window.removeEventListener("blur", stopDrag);
}
