/** Cropping: from where to where, along the patient's axes. */
import type { Bounds, Rendering } from "../../../net/protocol";
import { changeRendering } from "../../../state/rendering";
import { Check } from "../../shell/fields";
import { RENDERING } from "./texts";

const LEAST_MM = 1;

export function Crop({ rendering }: { rendering: Rendering }) {
  const { crop, bounds } = rendering;
  return (
    <>
      <Check
        label={RENDERING.cropOn}
        value={crop.on}
        onChange={(on) => changeRendering({ crop: { on, bounds: crop.bounds } })}
      />
      {RENDERING.axes.map((axis, index) => {
        const [least, most] = [bounds[2 * index] ?? 0, bounds[2 * index + 1] ?? 0];
        const [from, to] = [crop.bounds[2 * index] ?? least, crop.bounds[2 * index + 1] ?? most];
        const set = (low: number, high: number) => {
          const next = [...crop.bounds] as Bounds;
          next[2 * index] = low;
          next[2 * index + 1] = high;
          changeRendering({ crop: { on: true, bounds: next } });
        };
        return (
          <fieldset key={axis.label} class="span" disabled={!crop.on}>
            <legend>{axis.label}</legend>
            <output>{RENDERING.span(from, to)}</output>
            <input
              type="range"
              step="any"
              min={least}
              max={most}
              value={from}
              aria-label={axis.low}
              aria-valuetext={RENDERING.mm(from)}
              onInput={(event) => set(Math.min(event.currentTarget.valueAsNumber, to - LEAST_MM), to)}
            />
            <input
              type="range"
              step="any"
              min={least}
              max={most}
              value={to}
              aria-label={axis.high}
              aria-valuetext={RENDERING.mm(to)}
              onInput={(event) => set(from, Math.max(event.currentTarget.valueAsNumber, from + LEAST_MM))}
            />
          </fieldset>
        );
      })}
      <button type="button" disabled={!crop.on} onClick={() => changeRendering({ crop: { bounds } })}>
        {RENDERING.cropReset}
      </button>
    </>
  );
}
