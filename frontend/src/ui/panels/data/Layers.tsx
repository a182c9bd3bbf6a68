/** What the slice views show over each other, for all of them. */

import type { SliceState } from "../../../net/protocol";
import { kept } from "../../../state/kept";
import { arrangement, change, scene, states } from "../../../state/store";
import { Opacity } from "./Opacity";
import { DATA } from "./texts";

const isOpen = kept("data.layers", true, (found): found is boolean => typeof found === "boolean");
type Layer = "background" | "foreground" | "label";

/** Slice views that are open: those of the layout, and the usual three. */
function sliceViews(): string[] {
  const shown = arrangement.value.places.flatMap(({ part }) =>
    part.kind === "slice" && part.view ? [part.view] : [],
  );
  return [...new Set(["Red", "Green", "Yellow", ...shown])];
}

function setAll(patch: Record<string, unknown>): void {
  for (const view of sliceViews()) change(view, patch);
}

export function Layers() {
  const state = states("Red").value as SliceState | null;
  if (!state) return null;
  return (
    <details
      class="data-layers"
      open={isOpen.value}
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
      }}
    >
      <summary>{DATA.layers}</summary>
      <One layer="background" state={state} />
      <One layer="foreground" state={state} />
      <One layer="label" state={state} />
    </details>
  );
}

function One({ layer, state }: { layer: Layer; state: SliceState }) {
  const volumes = scene.value.volumes.filter((volume) => layer !== "label" || volume.labels);
  const now = state[layer]?.id ?? "";
  return (
    <>
      <label class="data-field">
        <span>{DATA[layer]}</span>
        <select
          aria-label={DATA[layer]}
          value={now}
          disabled={volumes.length === 0}
          onChange={(event) => {
            const id = event.currentTarget.value;
            const first = layer === "foreground" && !now && state.foreground_opacity === 0;
            setAll({ [layer]: id, ...(first && { foreground_opacity: 0.5 }) });
          }}
        >
          <option value="">{DATA.none}</option>
          {volumes.map((volume) => (
            <option key={volume.id} value={volume.id}>
              {volume.name}
            </option>
          ))}
        </select>
      </label>
      {layer !== "background" && now && (
        <Opacity
          of={DATA[layer]}
          value={state[`${layer}_opacity`]}
          onInput={(opacity) => setAll({ [`${layer}_opacity`]: opacity })}
        />
      )}
    </>
  );
}
