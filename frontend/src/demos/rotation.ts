/** Rotations as unit quaternions (w, x, y, z) of right-handed frames. */
import type { Vector3 } from "../net/protocol";
import { unit } from "../view/vectors";

export type Quaternion = [number, number, number, number];

export const IDENTITY: Quaternion = [1, 0, 0, 0];

/** Turn by `angle` radians about an axis. */
export function about(axis: Vector3, angle: number): Quaternion {
  const [x, y, z] = unit(axis);
  const s = Math.sin(angle / 2);
  return [Math.cos(angle / 2), x * s, y * s, z * s];
}

/** First `b`, then `a`; kept at length 1. */
export function times(a: Quaternion, b: Quaternion): Quaternion {
  const [w, x, y, z] = a;
  const [p, q, r, s] = b;
  const product: Quaternion = [
    w * p - x * q - y * r - z * s,
    w * q + x * p + y * s - z * r,
    w * r - x * s + y * p + z * q,
    w * s + x * r - y * q + z * p,
  ];
  const size = Math.hypot(...product) || 1;
  return product.map((v) => v / size) as Quaternion;
}

/** A vector turned. */
export function rotate(q: Quaternion, v: Vector3): Vector3 {
  const [w, x, y, z] = q;
  const [a, b, c] = v;
  const [p, r, s] = [2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)];
  return [a + w * p + y * s - z * r, b + w * r + z * p - x * s, c + w * s + x * r - y * p];
}

/** The rotation that takes x, y, z to three perpendicular unit vectors of a right-handed frame. */
export function fromAxes(x: Vector3, y: Vector3, z: Vector3): Quaternion {
  // Four times each product of two parts can be read off the matrix; the row of the largest part is the accurate one.
  const squares = [
    1 + x[0] + y[1] + z[2],
    1 + x[0] - y[1] - z[2],
    1 - x[0] + y[1] - z[2],
    1 - x[0] - y[1] + z[2],
  ];
  const [wx, wy, wz] = [y[2] - z[1], z[0] - x[2], x[1] - y[0]];
  const [xy, xz, yz] = [y[0] + x[1], z[0] + x[2], z[1] + y[2]];
  const rows: Quaternion[] = [
    [squares[0] ?? 0, wx, wy, wz],
    [wx, squares[1] ?? 0, xy, xz],
    [wy, xy, squares[2] ?? 0, yz],
    [wz, xz, yz, squares[3] ?? 0],
  ];
  return times(rows[squares.indexOf(Math.max(...squares))] ?? IDENTITY, IDENTITY);
}

/**
 * A phone's orientation event, degrees: turned about z by alpha, then about its own x by beta, then about its own y by gamma.
 * x is to the right of the phone's screen, y to its top, z out of it; the earth's are east, north and up.
 */
export function fromPhone(alpha: number, beta: number, gamma: number): Quaternion {
  const radians = Math.PI / 180;
  const first = times(about([0, 0, 1], alpha * radians), about([1, 0, 0], beta * radians));
  return times(first, about([0, 1, 0], gamma * radians));
}
