/** The crosshair switched on and off: it appears where the slices meet, so that none of them moves for that. */
import type { SliceState, Vector3 } from "../net/protocol";
import { column } from "../view/slice";
import { add, cross, dot, scale } from "../view/vectors";
import { arrangement, change, states } from "./store";
import { showCrosshair } from "./viewing";

export function toggleCrosshair(): void {
  showCrosshair.value = !showCrosshair.value;
  if (!showCrosshair.value) return;
  const shown = arrangement.value.places.flatMap(({ part }) => {
    const state = part.view ? states(part.view).value : null;
    return state?.kind === "slice" && part.view ? [{ view: part.view, state }] : [];
  });
  const first = shown[0];
  if (!first || shown.every(({ state }) => isThrough(state))) return;
  const meeting = meetingPoint(shown.map(({ state }) => state));
  if (meeting) change(first.view, { crosshair: meeting });
}

function isThrough(state: SliceState): boolean {
  const normal = column(state.slice_to_ras, 2);
  return Math.abs(dot(normal, state.crosshair) - dot(normal, state.origin)) <= state.offset_step / 2;
}

/** Where three planes of different directions meet, RAS mm; null where there are none such. */
export function meetingPoint(planes: SliceState[]): Vector3 | null {
  const found: { normal: Vector3; at: number }[] = [];
  for (const { slice_to_ras, origin } of planes) {
    const normal = column(slice_to_ras, 2);
    const isNew = found.every((plane) => Math.abs(dot(plane.normal, normal)) < 0.99);
    if (isNew && found.length < 3) found.push({ normal, at: dot(normal, origin) });
  }
  const [a, b, c] = found;
  if (!a || !b || !c) return null;
  const volume = dot(a.normal, cross(b.normal, c.normal));
  if (Math.abs(volume) < 1e-3) return null;
  const point = add(
    add(scale(cross(b.normal, c.normal), a.at), scale(cross(c.normal, a.normal), b.at)),
    scale(cross(a.normal, b.normal), c.at),
  );
  return scale(point, 1 / volume);
}
