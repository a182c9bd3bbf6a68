/** Moves of the 3D camera, RAS mm. Fractions are of the view's height. */
import type { CameraState } from "../net/protocol";
import { about, add, cross, length, scale, subtract, unit } from "./vectors";

const DEGREES_PER_VIEW = 180;

function axes(camera: CameraState) {
  const forward = unit(subtract(camera.focal_point, camera.position));
  const right = unit(cross(forward, camera.view_up));
  return { forward, right, up: cross(right, forward) };
}

/** Turn about the focal point so that the scene follows a drag right and up. */
export function rotate(camera: CameraState, right: number, up: number): CameraState {
  const frame = axes(camera);
  const yaw = (-right * DEGREES_PER_VIEW * Math.PI) / 180;
  const pitch = (up * DEGREES_PER_VIEW * Math.PI) / 180;
  const side = about(frame.right, frame.up, yaw);
  const arm = about(about(subtract(camera.position, camera.focal_point), frame.up, yaw), side, pitch);
  return { ...camera, position: add(camera.focal_point, arm), view_up: about(frame.up, side, pitch) };
}

/** Shift so that the scene follows a drag right and up. */
export function pan(camera: CameraState, right: number, up: number): CameraState {
  const frame = axes(camera);
  const distance = length(subtract(camera.position, camera.focal_point));
  const height = 2 * distance * Math.tan((camera.view_angle * Math.PI) / 360);
  const shift = add(scale(frame.right, -right * height), scale(frame.up, -up * height));
  return { ...camera, position: add(camera.position, shift), focal_point: add(camera.focal_point, shift) };
}

/** Come closer by a factor above 1, go away by one below. */
export function zoom(camera: CameraState, factor: number): CameraState {
  const arm = subtract(camera.position, camera.focal_point);
  return { ...camera, position: add(camera.focal_point, scale(arm, 1 / factor)) };
}
