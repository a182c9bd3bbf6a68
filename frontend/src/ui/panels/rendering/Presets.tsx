/** Presets to choose from, each with a small picture of the volume under it. */

import { here } from "../../../net/place";
import type { Rendering } from "../../../net/protocol";
import { changeRendering } from "../../../state/rendering";
import { RENDERING } from "./texts";

const PICTURE_PX = 96;

export function Presets({ volume, rendering }: { volume: string; rendering: Rendering }) {
  return (
    <div class="presets" role="group" aria-label={RENDERING.presets}>
      {rendering.presets.map((preset) => (
        <button
          key={preset}
          type="button"
          aria-pressed={rendering.preset === preset}
          onClick={() => changeRendering({ preset, shift: 0, opacity: 1, visible: true })}
        >
          <img
            src={here(
              `/api/rendering/looks?${new URLSearchParams({ volume, preset, size: `${PICTURE_PX * 2}` })}`,
            )}
            alt=""
            loading="lazy"
            width={PICTURE_PX}
            height={PICTURE_PX}
          />
          <span>{preset}</span>
        </button>
      ))}
    </div>
  );
}
