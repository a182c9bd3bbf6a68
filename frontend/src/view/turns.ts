/** Flips and quarter turns of a slice, as new planes: 16 numbers by rows, whose columns are right, up, normal, centre, RAS mm. */
import type { Vector3 } from "../net/protocol";
import { column } from "./slice";
import { dot, scale, unit } from "./vectors";

export type Turn = "flipAcross" | "flipAlong" | "right" | "left";

/**
 * The plane turned about its centre in itself, so that the picture is mirrored across (left and right change places) or along (up and down), or
 * turned a quarter to the right (clockwise) or left. The normal stays, so scrolling goes the same way.
 */
export function turned(matrix: number[], turn: Turn): number[] {
  const [right, up] = [column(matrix, 0), column(matrix, 1)];
  const found: Record<Turn, [Vector3, Vector3]> = {
    flipAcross: [scale(right, -1), up],
    flipAlong: [right, scale(up, -1)],
    right: [up, scale(right, -1)],
    left: [scale(up, -1), right],
  };
  const [across, along] = found[turn];
  const result = [...matrix];
  for (const row of [0, 1, 2] as const) {
    result[4 * row] = across[row] + 0; // never -0
    result[4 * row + 1] = along[row] + 0;
  }
  return result;
}

export type PlaneName = "Axial" | "Sagittal" | "Coronal" | "Oblique";

/** What kind of plane it is by its normal, however it is turned in itself. */
export function planeOf(matrix: number[]): PlaneName {
  const normal = unit(column(matrix, 2));
  const names: [PlaneName, Vector3][] = [
    ["Sagittal", [1, 0, 0]],
    ["Coronal", [0, 1, 0]],
    ["Axial", [0, 0, 1]],
  ];
  return names.find(([, axis]) => Math.abs(dot(axis, normal)) > 0.999)?.[0] ?? "Oblique";
}
