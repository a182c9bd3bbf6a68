/** A bar of a round length; in 3D it holds at the point that the camera turns about. */
import type { ViewState } from "../../net/protocol";
import { sizes, type ViewName } from "../../state/store";
import { showRuler } from "../../state/viewing";
import { lengthText, mmPerCssPixel, rulerOf } from "../../view/ruler";

export function Ruler({ view, state }: { view: ViewName; state: ViewState }) {
  const size = sizes(view).value;
  if (!showRuler.value || (state.kind === "slice" && !state.background)) return null;
  const found = rulerOf(mmPerCssPixel(state, size), size[0]);
  if (!found) return null;
  return (
    <div class="ruler" aria-hidden="true" style={{ width: `${(100 * found.pixels) / size[0]}%` }}>
      {lengthText(found.mm)}
    </div>
  );
}
