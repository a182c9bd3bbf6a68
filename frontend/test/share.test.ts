import { describe, expect, it } from "vitest";
import type { CameraState, SliceState, ThreeDState } from "../src/net/protocol";
import { statesOf, turnedCamera } from "../src/view/films";
import { pointAt, spotAt } from "../src/view/places3d";
import { project, unproject } from "../src/view/slice";

const camera: CameraState = {
  position: [0, 500, 0],
  focal_point: [0, 0, 0],
  view_up: [0, 0, 1],
  view_angle: 30,
};
/** Seen from anterior: the patient's right is at the left. */
const threeD = {
  kind: "threeD",
  camera,
  bounds: null,
  background_colors: ["#000", "#000"],
} as unknown as ThreeDState;
const axial = {
  kind: "slice",
  orientation: "Axial",
  offset: 10,
  offset_range: [0, 20],
  offset_step: 2,
  slice_to_ras: [-1, 0, 0, 5, 0, 1, 0, 6, 0, 0, 1, 10, 0, 0, 0, 1],
  origin: [5, 6, 10],
  fov: [200, 100],
} as unknown as SliceState;

describe("places of a 3D view", () => {
  it("have the patient's right at the left when seen from anterior", () => {
    const left = pointAt(camera, 2, { x: 0.25, y: 0.5 });
    expect(left[0]).toBeGreaterThan(50);
    expect(left[1]).toBeCloseTo(0);
    expect(spotAt(camera, 2, left)?.x).toBeCloseTo(0.25);
    expect(pointAt(camera, 2, { x: 0.5, y: 0.25 })[2]).toBeGreaterThan(20);
  });

  it("are nowhere behind the camera, and nearer ones lie further out", () => {
    expect(spotAt(camera, 1, [0, 600, 0])).toBeNull();
    const far = spotAt(camera, 1, [50, 0, 0]);
    const near = spotAt(camera, 1, [50, 250, 0]);
    expect(0.5 - (near?.x ?? 0)).toBeCloseTo(2 * (0.5 - (far?.x ?? 0)));
  });
});

describe("places of a slice", () => {
  it("go there and back, with the patient's right at the left", () => {
    const point = unproject(axial, [400, 200], { x: 100.5 / 400, y: 49.5 / 200 });
    expect(point.map((mm) => Number(mm.toFixed(9)))).toEqual([55, 31, 10]);
    expect(project(axial, [400, 200], [55, 31, 13])).toEqual({ x: 100.5 / 400, y: 49.5 / 200, above: 3 });
  });
});

describe("films", () => {
  it("turn once about the patient and end where the next round begins", () => {
    const quarter = turnedCamera(camera, 0.25);
    expect(quarter.position[0]).toBeCloseTo(-500);
    expect(quarter.position[1]).toBeCloseTo(0);
    expect(quarter.view_up).toEqual([0, 0, 1]);
    const states = statesOf(threeD, 4) as ThreeDState[];
    expect(states).toHaveLength(4);
    expect(states[2]?.camera.position[1]).toBeCloseTo(-500);
  });

  it("go from the middle of the first voxel to that of the last", () => {
    const states = statesOf(axial, 10) as SliceState[];
    expect(states[0]?.offset).toBe(1);
    expect(states[9]?.offset).toBe(19);
    expect(states[0]?.slice_to_ras[11]).toBeCloseTo(1);
    expect(states[0]?.slice_to_ras[3]).toBe(5);
  });
});
