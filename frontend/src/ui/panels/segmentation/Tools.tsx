/** What the pointer does over a slice, and the brush. */
import type { Segmentation } from "../../../net/segments";
import { choose } from "../../../state/segments/painting";
import {
  isMasked,
  overwrite,
  radius,
  range,
  segment,
  shape,
  type Tool,
  tool,
} from "../../../state/segments/segments";
import { LEAST_MM, MOST_MM } from "../../../view/segments/brush";
import { Check, Choice, Range } from "../../shell/fields";
import { Icon } from "../../shell/Icon";
import { SEGMENTS } from "./texts";

const TOOLS: [Tool, string, string, string][] = [
  ["paint", SEGMENTS.paint, "1", "M20 4l-9 9M11 13c-3-1-5 1-5 4-1 2-3 2-3 2s5 3 8 0c2-2 2-4 0-6z"],
  ["erase", SEGMENTS.erase, "2", "M9 20h11M5 15L15 5l6 6-9 9H8l-3-3zM9 11l6 6"],
];

export function Tools({ node }: { node: Segmentation }) {
  const off = node.busy !== "" || !segment.value;
  return (
    <section aria-label={SEGMENTS.editing}>
      <fieldset class="segment-tools" aria-label={SEGMENTS.tools} disabled={off}>
        {TOOLS.map(([name, label, key, icon]) => (
          <button
            key={name}
            type="button"
            aria-pressed={tool.value === name}
            aria-keyshortcuts={key}
            title={`${label} (${key})`}
            onClick={() => choose(tool.value === name ? "" : name)}
          >
            <Icon path={icon} />
            <span>{label}</span>
          </button>
        ))}
      </fieldset>
      {(tool.value === "paint" || tool.value === "erase") && (
        <div class="brush-options">
          <Range
            label={SEGMENTS.brush}
            min={Math.log(LEAST_MM)}
            max={Math.log(MOST_MM)}
            value={Math.log(radius.value)}
            text={SEGMENTS.mm(radius.value)}
            onInput={(value) => (radius.value = Math.exp(value))}
          />
          <p class="note">{SEGMENTS.brushHint}</p>
          <Choice
            label={SEGMENTS.shape}
            value={shape.value}
            options={Object.entries(SEGMENTS.shapes) as ["disk" | "sphere", string][]}
            onChange={(value) => (shape.value = value)}
          />
        </div>
      )}
      <label class="field">
        <span>{SEGMENTS.overwrite}</span>
        <select
          value={overwrite.value}
          onChange={(event) => (overwrite.value = event.currentTarget.value as typeof overwrite.value)}
        >
          {Object.entries(SEGMENTS.rules).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {range.value && (
        <Check label={SEGMENTS.masked} value={isMasked.value} onChange={(on) => (isMasked.value = on)} />
      )}
    </section>
  );
}
