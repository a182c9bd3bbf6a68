/** Where the others point, over the pictures. */
import type { ViewState } from "../../../net/protocol";
import { colorOf, nameOf, type Pointer, pointers } from "../../../state/share/people";
import { sizes } from "../../../state/store";
import { spotAt } from "../../../view/places3d";
import { project } from "../../../view/slice";
import type { OverlayProps, ViewOverlay } from "../../views/overlays";

const NEAR_MM = 2;
const FAR_MM = 15;

/** Where a pointer is seen in a view, of a size in device pixels, and how strongly; null where it is not. */
export function seenAt(
  pointer: Pointer,
  view: string,
  state: ViewState,
  size: [number, number],
): { x: number; y: number; opacity: number } | null {
  if (state.kind === "threeD") {
    const spot = spotAt(state.camera, size[0] / size[1], pointer.point);
    return spot && inside(spot) ? { ...spot, opacity: pointer.view === view ? 1 : 0.5 } : null;
  }
  const { above, ...spot } = project(state, size, pointer.point);
  const near = Math.max(NEAR_MM, state.offset_step);
  if (!inside(spot) || Math.abs(above) > FAR_MM) return null;
  return { ...spot, opacity: Math.abs(above) <= near ? 1 : 0.35 };
}

const inside = ({ x, y }: { x: number; y: number }) => x >= 0 && x <= 1 && y >= 0 && y <= 1;

function Pointers({ view, state }: OverlayProps) {
  const size = sizes(view).value;
  const all = Object.entries(pointers.value);
  if (all.length === 0) return null;
  return (
    <div class="pointers" aria-hidden="true">
      {all.map(([who, pointer]) => {
        const spot = seenAt(pointer, view, state, size);
        if (!spot) return null;
        const place = { left: `${spot.x * 100}%`, top: `${spot.y * 100}%`, opacity: spot.opacity };
        return (
          <span key={who} class="pointer" style={{ ...place, "--who": colorOf(who) }}>
            {nameOf(who)}
          </span>
        );
      })}
    </div>
  );
}

export const pointersOverlay: ViewOverlay = {
  id: "pointers",
  kinds: ["slice", "threeD"],
  component: Pointers,
};
