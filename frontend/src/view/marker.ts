/** The orientation marker: a cube with the patient's directions, as CSS transforms. Knows nothing of frameworks. */
import type { CameraState, ViewState } from "../net/protocol";
import { column } from "./slice";
import { cross, subtract, unit } from "./vectors";

type Axis = [number, number, number];

/** Faces: letter, the direction it faces, and which way its letter's top is, RAS. */
export const FACES: { letter: string; normal: Axis; up: Axis }[] = [
  { letter: "R", normal: [1, 0, 0], up: [0, 0, 1] },
  { letter: "L", normal: [-1, 0, 0], up: [0, 0, 1] },
  { letter: "A", normal: [0, 1, 0], up: [0, 0, 1] },
  { letter: "P", normal: [0, -1, 0], up: [0, 0, 1] },
  { letter: "S", normal: [0, 0, 1], up: [0, 1, 0] },
  { letter: "I", normal: [0, 0, -1], up: [0, 1, 0] },
];

/** A face in the cube, whose edges are `size` px: its letter reads right from outside. */
export function faceTransform(face: (typeof FACES)[number], size: number): string {
  const across = cross(face.up, face.normal); // to the reader's right
  const down = face.up.map((v) => -v) as Axis;
  const at = face.normal.map((v) => (v * size) / 2) as Axis;
  return matrix3d(across, down, face.normal, at);
}

/** The cube as a view shows it: RAS to screen, whose y points down. */
export function cubeTransform(state: ViewState): string {
  const { right, up, toward } =
    state.kind === "slice" ? sliceAxes(state.slice_to_ras) : cameraAxes(state.camera);
  const axis = (n: 0 | 1 | 2): Axis => [right[n], -up[n], toward[n]];
  return matrix3d(axis(0), axis(1), axis(2), [0, 0, 0]);
}

function sliceAxes(matrix: number[]) {
  const [right, up] = [column(matrix, 0), column(matrix, 1)];
  return { right, up, toward: cross(right, up) };
}

function cameraAxes(camera: CameraState) {
  const forward = unit(subtract(camera.focal_point, camera.position));
  const right = unit(cross(forward, camera.view_up));
  const up = cross(right, forward);
  return { right, up, toward: cross(right, up) };
}

function matrix3d(x: Axis, y: Axis, z: Axis, at: Axis): string {
  const round = (v: number) => Math.round(v * 1e5) / 1e5;
  const columns = [x, y, z].map((c) => [...c.map(round), 0].join(","));
  return `matrix3d(${columns.join(",")},${at.map(round).join(",")},1)`;
}
