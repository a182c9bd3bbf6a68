/** Between spots of a 3D view, as fractions from the top left, and points in the patient, RAS mm. */
import type { CameraState, Vector3 } from "../net/protocol";
import { add, cross, dot, length, scale, subtract, unit } from "./vectors";

function frameOf(camera: CameraState, aspect: number) {
  const arm = subtract(camera.focal_point, camera.position);
  const forward = unit(arm);
  const right = unit(cross(forward, camera.view_up));
  const height = 2 * length(arm) * Math.tan((camera.view_angle * Math.PI) / 360);
  return { forward, right, up: cross(right, forward), distance: length(arm), height, width: height * aspect };
}

/** The point under a spot, as far away as what the camera looks at. `aspect`: the view's width by its height. */
export function pointAt(camera: CameraState, aspect: number, spot: { x: number; y: number }): Vector3 {
  const { right, up, width, height } = frameOf(camera, aspect);
  const across = scale(right, (spot.x - 0.5) * width);
  return add(camera.focal_point, add(across, scale(up, (0.5 - spot.y) * height)));
}

/** Where a point is seen; null behind the camera. */
export function spotAt(camera: CameraState, aspect: number, ras: Vector3): { x: number; y: number } | null {
  const { forward, right, up, distance, width, height } = frameOf(camera, aspect);
  const from = subtract(ras, camera.position);
  const depth = dot(from, forward);
  if (depth <= 0) return null;
  const near = distance / depth;
  return { x: 0.5 + (dot(from, right) * near) / width, y: 0.5 - (dot(from, up) * near) / height };
}
