/** The crosshair over a slice: drawn here, so that it is where the pointer is at once; the place is the scene's. */
import type { ViewState } from "../../net/protocol";
import { sizes, type ViewName } from "../../state/store";
import { showCrosshair } from "../../state/viewing";
import { project } from "../../view/slice";

export function Crosshair({ view, state }: { view: ViewName; state: ViewState }) {
  if (state.kind !== "slice" || !showCrosshair.value || !state.crosshair) return null;
  const { x, y, above } = project(state, sizes(view).value, state.crosshair);
  const onPlane = Math.abs(above) <= state.offset_step / 2 + 1e-6;
  return (
    <div class={`crosshair${onPlane ? "" : " off-plane"}`} aria-hidden="true">
      {x >= 0 && x <= 1 && <i class="down" style={{ left: `${100 * x}%` }} />}
      {y >= 0 && y <= 1 && <i class="across" style={{ top: `${100 * y}%` }} />}
    </div>
  );
}
