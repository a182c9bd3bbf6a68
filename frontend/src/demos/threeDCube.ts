/** A cube with a view of the scene on its faces: it shows what the view shows now, whoever moved it. */
import { runCubePage } from "./cubePage";
import { byId } from "./page";

const source = byId<HTMLSelectElement>("source");
const moving = byId<HTMLInputElement>("moving");
const SIZE = 512;

/** Slices go up and down as the cube turns; the 3D view turns with it. Both last, as everything that is asked of a view. */
function url(turns: number): string {
  const back = `size=${SIZE}&client=cube`;
  if (source.value !== "threeD") {
    const place = moving.checked ? `&scrollTo=${(0.5 - 0.4 * Math.cos(2 * Math.PI * turns)).toFixed(4)}` : "";
    return `/slice?view=${source.value}&overlays=1&labels=1&${back}${place}`;
  }
  return `/threeD?${back}${moving.checked ? "&mode=start&orbitX=0.05" : ""}`;
}

runCubePage({ url, pauseMs: 33 });
