/** Moves of a slice view as patches of its state. Pixels are device pixels of the view. */
import type { Rect } from "../net/painter";
import type { SliceState, Vector3 } from "../net/protocol";
import { add, dot, scale, subtract } from "./vectors";

type Size = [number, number];

export const column = (matrix: number[], c: number): Vector3 => [
  matrix[c] ?? 0,
  matrix[4 + c] ?? 0,
  matrix[8 + c] ?? 0,
];

/** mm per pixel of a picture that holds the whole field of view. */
export function mmPerPixel(state: SliceState, size: Size): number {
  return Math.max(state.fov[0] / size[0], state.fov[1] / size[1]);
}

/**
 * Pixels from the middle of a picture, right and up, to the centre of the pixel that shows the origin: like Slicer's XYToRAS the server
 * has it on pixel (width / 2, height / 2) counted from the bottom left, whose centre is half a pixel further.
 */
const ORIGIN_PX = 0.5;

/** Where a point (RAS mm) lies: fractions of the view from the top left, and how far above its plane, mm. */
export function project(
  state: SliceState,
  size: Size,
  ras: Vector3,
): { x: number; y: number; above: number } {
  const mm = mmPerPixel(state, size);
  const from = subtract(ras, state.origin);
  const [right, up, normal] = [0, 1, 2].map((c) => dot(column(state.slice_to_ras, c), from)) as Vector3;
  const [x, y] = [right / mm + ORIGIN_PX, up / mm + ORIGIN_PX];
  return { x: 0.5 + x / size[0], y: 0.5 - y / size[1], above: normal };
}

/** The point (RAS mm) of the plane at a spot of the view, given as fractions from the top left. */
export function unproject(state: SliceState, size: Size, spot: { x: number; y: number }): Vector3 {
  const mm = mmPerPixel(state, size);
  const across = scale(column(state.slice_to_ras, 0), ((spot.x - 0.5) * size[0] - ORIGIN_PX) * mm);
  const along = scale(column(state.slice_to_ras, 1), ((0.5 - spot.y) * size[1] - ORIGIN_PX) * mm);
  return add(state.origin, add(across, along));
}

/** What part of its plane the view shows, for predicting pan and zoom. */
export function rectOf(state: SliceState, size: Size): Rect {
  return {
    x: dot(column(state.slice_to_ras, 0), state.origin),
    y: dot(column(state.slice_to_ras, 1), state.origin),
    scale: mmPerPixel(state, size) * Math.min(size[0], size[1]),
  };
}

/** Follow a drag by pixels right and down. */
export function pan(state: SliceState, right: number, down: number, size: Size): { origin: Vector3 } {
  const mm = mmPerPixel(state, size);
  const across = scale(column(state.slice_to_ras, 0), -right * mm);
  const along = scale(column(state.slice_to_ras, 1), down * mm);
  return { origin: add(state.origin, add(across, along)) };
}

export function zoom(state: SliceState, factor: number): { fov: [number, number] } {
  const limited = Math.min(Math.max(factor, 0.01), 100);
  return { fov: [state.fov[0] / limited, state.fov[1] / limited] };
}

/** Go by whole slices within the volume. */
export function scroll(state: SliceState, steps: number): { offset: number } {
  const wanted = state.offset + steps * state.offset_step;
  if (!state.offset_range) return { offset: wanted };
  return { offset: Math.min(Math.max(wanted, state.offset_range[0]), state.offset_range[1]) };
}

/** Window by dragging right, level by dragging up; across the view it is the whole range of a window of now. */
export function windowed(
  state: SliceState,
  right: number,
  up: number,
): { window: number; level: number } | null {
  if (state.window === null || state.level === null || state.scalar_range === null) return null;
  const span = Math.max(state.window, (state.scalar_range[1] - state.scalar_range[0]) / 50);
  return { window: Math.max(state.window + right * span * 2, 1e-3), level: state.level - up * span * 2 };
}

/** Wheel distances become whole steps; the rest stays for the next time. */
export class WheelSteps {
  private rest = 0;

  /** `delta` in the event's unit: pixels, lines or pages. Steps are positive for scrolling up. */
  take(delta: number, mode: number): number {
    const pixels = mode === 1 ? delta * 33 : mode === 2 ? delta * 400 : delta;
    this.rest -= pixels / 100;
    // A notch of most wheels is 100 to 120 pixels, so a little less than one step counts as one.
    const steps = Math.trunc(this.rest * 1.001) || 0; // never -0
    this.rest -= steps;
    return steps;
  }
}
