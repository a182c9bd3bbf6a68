/** The little vector algebra that cameras and slices need. */
import type { Vector3 } from "../net/protocol";

export const add = (a: Vector3, b: Vector3): Vector3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a: Vector3, b: Vector3): Vector3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vector3, s: number): Vector3 => [a[0] * s, a[1] * s, a[2] * s];
export const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const length = (a: Vector3): number => Math.hypot(a[0], a[1], a[2]);
export const unit = (a: Vector3): Vector3 => scale(a, 1 / (length(a) || 1));

/** Rodrigues' rotation of `v` about the unit vector `axis`. */
export function about(v: Vector3, axis: Vector3, angle: number): Vector3 {
  const cosine = Math.cos(angle);
  const turned = add(scale(v, cosine), scale(cross(axis, v), Math.sin(angle)));
  return add(turned, scale(axis, dot(axis, v) * (1 - cosine)));
}
