/** How long the ruler of a view is: a round length that takes about a quarter of the view. */
import type { ViewState } from "../net/protocol";
import { mmPerPixel } from "./slice";
import { length, subtract } from "./vectors";

const SHARE = 0.28;
const ROUND = [1, 2, 5, 10];

/** mm per CSS pixel: everywhere in a slice, at the focal point in 3D. `height` and `size` in the same pixels. */
export function mmPerCssPixel(state: ViewState, size: [number, number]): number {
  if (state.kind === "slice") return mmPerPixel(state, size);
  const { camera } = state;
  const distance = length(subtract(camera.position, camera.focal_point));
  return (2 * distance * Math.tan((camera.view_angle * Math.PI) / 360)) / size[1];
}

/** The greatest of 1, 2 and 5 × 10ⁿ mm that fits, and its length in pixels; null where nothing sensible fits. */
export function rulerOf(mmPerPx: number, width: number): { mm: number; pixels: number } | null {
  const most = width * SHARE * mmPerPx;
  if (!(most > 0) || !Number.isFinite(most)) return null;
  const power = 10 ** Math.floor(Math.log10(most));
  const mm = Math.max(...ROUND.map((n) => n * power).filter((n) => n <= most * 1.0001));
  return { mm, pixels: mm / mmPerPx };
}

/** A length in words: µm, mm, cm or m. */
export function lengthText(mm: number): string {
  const round = (v: number) => Number(v.toPrecision(6)).toString();
  if (mm < 0.1) return `${round(mm * 1000)} µm`;
  if (mm < 10) return `${round(mm)} mm`;
  return mm < 1000 ? `${round(mm / 10)} cm` : `${round(mm / 1000)} m`;
}
