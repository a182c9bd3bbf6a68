/** Where points of the patient lie in a 3D view's picture, and back. RAS mm; pixels from the top left. */
import type { CameraState, Vector3 } from "../net/protocol";
import { add, cross, dot, length, scale, subtract, unit } from "../view/vectors";

type Size = [number, number];

const MARGIN_MM = 20;

/** Unit vectors of a camera: screen right, screen up, direction of view. */
export function axesOf(camera: CameraState): { right: Vector3; up: Vector3; forward: Vector3 } {
  const forward = unit(subtract(camera.focal_point, camera.position));
  const right = unit(cross(forward, camera.view_up));
  return { right, up: cross(right, forward), forward };
}

/** Pixels per mm at a distance of 1 mm: the view angle spans the picture's height. */
const focal = (camera: CameraState, size: Size) =>
  size[1] / 2 / Math.tan((camera.view_angle * Math.PI) / 360);

export const distanceOf = (camera: CameraState): number =>
  length(subtract(camera.focal_point, camera.position));

/** Pixel of a point, null for one that is not in front of the camera. */
export function project(camera: CameraState, size: Size, point: Vector3): { x: number; y: number } | null {
  const { right, up, forward } = axesOf(camera);
  const arm = subtract(point, camera.position);
  const depth = dot(arm, forward);
  if (depth < 1) return null;
  const f = focal(camera, size) / depth;
  return { x: size[0] / 2 + dot(arm, right) * f, y: size[1] / 2 - dot(arm, up) * f };
}

/** The point under a pixel in the plane that faces the camera at `depth` mm from it. */
export function pointAt(camera: CameraState, size: Size, x: number, y: number, depth: number): Vector3 {
  const { right, up, forward } = axesOf(camera);
  const mm = depth / focal(camera, size);
  const across = scale(right, (x - size[0] / 2) * mm);
  const along = scale(up, (size[1] / 2 - y) * mm);
  return add(camera.position, add(scale(forward, depth), add(across, along)));
}

/**
 * Distance from the camera, mm, of a plane in front of what is shown; the focal point's if nothing is known.
 *
 * What is shown is taken to be as deep as it is wide or high: bounds hold the tool too, and a tool must not push itself away.
 */
export function depthInFront(camera: CameraState, bounds: number[] | null): number {
  const distance = distanceOf(camera);
  if (!bounds) return distance;
  const { right, up } = axesOf(camera);
  let half = 0;
  for (let corner = 0; corner < 8; corner += 1) {
    const point = [0, 1, 2].map((axis) => bounds[2 * axis + ((corner >> axis) & 1)] ?? 0) as Vector3;
    const arm = subtract(point, camera.focal_point);
    half = Math.max(half, Math.abs(dot(arm, right)), Math.abs(dot(arm, up)));
  }
  return Math.max(distance - half - MARGIN_MM, distance * 0.3);
}
