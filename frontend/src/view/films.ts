/** Where each picture of a film looks from: once around the patient, or through all slices. */
import type { CameraState, SliceState, Vector3, ViewState } from "../net/protocol";
import { about, add, subtract } from "./vectors";

const PATIENT_AXIS: Vector3 = [0, 0, 1];

/** The camera after a part of a turn about the patient's long axis, through what it looks at. */
export function turnedCamera(camera: CameraState, part: number): CameraState {
  const angle = part * 2 * Math.PI;
  const arm = about(subtract(camera.position, camera.focal_point), PATIENT_AXIS, angle);
  return {
    ...camera,
    position: add(camera.focal_point, arm),
    view_up: about(camera.view_up, PATIENT_AXIS, angle),
  };
}

/** The state of each picture of a film. */
export function statesOf(state: ViewState, frames: number): ViewState[] {
  return Array.from({ length: frames }, (_none, index) =>
    state.kind === "slice"
      ? slicedAt(state, frames > 1 ? index / (frames - 1) : 0)
      : { ...state, camera: turnedCamera(state.camera, index / frames) },
  );
}

/** A slice view at a part of its way through the volume: in the middle of the first voxel to that of the last. */
function slicedAt(state: SliceState, part: number): SliceState {
  const [low, high] = state.offset_range ?? [state.offset, state.offset];
  const half = Math.min(state.offset_step, high - low) / 2;
  const offset = low + half + (high - low - 2 * half) * part;
  const m = state.slice_to_ras;
  const by = offset - state.offset;
  const moved = [...m];
  for (const row of [0, 1, 2]) moved[row * 4 + 3] = (m[row * 4 + 3] ?? 0) + (m[row * 4 + 2] ?? 0) * by;
  return { ...state, offset, slice_to_ras: moved };
}
