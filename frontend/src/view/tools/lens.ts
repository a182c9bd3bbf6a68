/** Where points of the patient are seen in a view, and what points lie under a spot of it. RAS mm; spots are fractions from the top left. */
import type { SliceState, ThreeDState, Vector3, ViewState } from "../../net/protocol";
import type { Spot } from "../interceptors";
import { column, mmPerPixel, project, unproject } from "../slice";
import { add, cross, dot, length, scale, subtract, unit } from "../vectors";

export type Size = [number, number];

export interface Seen extends Spot {
  /** How far above a slice's plane, or before the eye of a 3D view, mm. */
  depth: number;
}

interface Eye {
  position: Vector3;
  right: Vector3;
  up: Vector3;
  forward: Vector3;
  /** Half the view's height at 1 mm before the eye, or in mm for a parallel projection. */
  half: number;
  parallel: boolean;
}

function eyeOf({ camera, ...state }: ThreeDState): Eye {
  const arm = subtract(camera.focal_point, camera.position);
  const forward = unit(arm);
  const right = unit(cross(forward, camera.view_up));
  const parallel = (state as { parallel?: boolean }).parallel === true;
  const tangent = Math.tan((camera.view_angle * Math.PI) / 360);
  return {
    position: camera.position,
    right,
    up: cross(right, forward),
    forward,
    half: parallel ? tangent * length(arm) : tangent,
    parallel,
  };
}

/** Where a point is seen; null behind the eye. */
export function see(state: ViewState, size: Size, ras: Vector3): Seen | null {
  if (state.kind === "slice") {
    const { x, y, above } = project(state, size, ras);
    return { x, y, depth: above };
  }
  const eye = eyeOf(state);
  const from = subtract(ras, eye.position);
  const depth = dot(from, eye.forward);
  if (depth <= 0) return null;
  const half = eye.parallel ? eye.half : eye.half * depth;
  const wide = (half * size[0]) / size[1];
  return { x: 0.5 + dot(from, eye.right) / (2 * wide), y: 0.5 - dot(from, eye.up) / (2 * half), depth };
}

/** The point under a spot: of a slice's plane; of a 3D view as far away as `near`, or as its focal point. */
export function pointAt(state: ViewState, size: Size, spot: Spot, near?: Vector3): Vector3 {
  if (state.kind === "slice") {
    const above = near ? project(state, size, near).above : 0;
    return add(unproject(state, size, spot), scale(column(state.slice_to_ras, 2), above));
  }
  const eye = eyeOf(state);
  const depth = dot(subtract(near ?? state.camera.focal_point, eye.position), eye.forward);
  const half = eye.parallel ? eye.half : eye.half * depth;
  const across = scale(eye.right, ((spot.x - 0.5) * 2 * half * size[0]) / size[1]);
  const along = scale(eye.up, (0.5 - spot.y) * 2 * half);
  return add(add(eye.position, scale(eye.forward, depth)), add(across, along));
}

/** Less than this of a ray's direction across a plane, and the plane is seen from its edge. */
const EDGE_ON = 0.15;

/**
 * The point under a spot of a plane through `at`, given by its unit normal. Of a plane that is seen from its edge, the point as far
 * away as `at`, and so in a slice view.
 */
export function pointOn(state: ViewState, size: Size, spot: Spot, at: Vector3, normal: Vector3): Vector3 {
  const flat = pointAt(state, size, spot, at);
  if (state.kind === "slice") return flat;
  const eye = eyeOf(state);
  const ray = eye.parallel ? eye.forward : unit(subtract(flat, eye.position));
  const steep = dot(ray, normal);
  if (Math.abs(steep) < EDGE_ON) return flat;
  return add(flat, scale(ray, dot(subtract(at, flat), normal) / steep));
}

/** Towards who looks at a view: about this, a turn that is seen to go counterclockwise has a positive angle. */
export function towards(state: ViewState): Vector3 {
  return state.kind === "slice" ? axesOf(state)[2] : scale(eyeOf(state).forward, -1);
}

/** How far from its plane a slice view shows and moves points, mm: half a slice or slab to either side. */
export function reachOf(state: SliceState): number {
  const slab = state.slab.mode === "off" ? 0 : state.slab.thickness;
  return Math.max(state.offset_step, slab) / 2 + 0.05;
}

/** Whether a view shows a point where it can be taken hold of. */
export function isNear(state: ViewState, seen: Seen): boolean {
  return state.kind === "threeD" || Math.abs(seen.depth) <= reachOf(state);
}

/** Right, up and normal of a slice as axes of a box, right-handed though the slice may be flipped. */
export function axesOf(state: SliceState): [Vector3, Vector3, Vector3] {
  const right = column(state.slice_to_ras, 0);
  const up = column(state.slice_to_ras, 1);
  return [right, up, cross(right, up)];
}

/** A box's frame (object to RAS, row by row) from its axes and centre. */
export function frameOf([x, y, z]: [Vector3, Vector3, Vector3], at: Vector3): number[] {
  return [x[0], y[0], z[0], at[0], x[1], y[1], z[1], at[1], x[2], y[2], z[2], at[2], 0, 0, 0, 1];
}

/** Mm that a pixel of the view measures at a point. */
export function mmAt(state: ViewState, size: Size, ras: Vector3): number {
  if (state.kind === "slice") return mmPerPixel(state, size);
  const eye = eyeOf(state);
  const depth = dot(subtract(ras, eye.position), eye.forward);
  return (2 * (eye.parallel ? eye.half : eye.half * depth)) / size[1];
}
