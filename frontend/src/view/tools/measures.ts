/** Lengths and angles of points in RAS mm, for what the server has not measured yet. */
import type { Vector3 } from "../../net/protocol";
import { dot, length, subtract, unit } from "../vectors";

/** Along the points, mm. */
export function lengthOf(points: Vector3[]): number {
  return points.slice(1).reduce((sum, point, n) => sum + length(subtract(point, points[n] as Vector3)), 0);
}

/** At the second of three points, degrees. */
export function angleAt([a, b, c]: Vector3[]): number {
  if (!a || !b || !c) return 0;
  const cosine = dot(unit(subtract(a, b)), unit(subtract(c, b)));
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}
