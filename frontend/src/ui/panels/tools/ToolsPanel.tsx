/** The tools: what the left button does, measuring and marking, window and slab, the list of markups. */

import { signal } from "@preact/signals";
import type { MarkupKind, SliceState } from "../../../net/protocol";
import { arrangement, change, states } from "../../../state/store";
import {
  choose,
  type DragMode,
  dragMode,
  goesOn,
  isProbing,
  placing,
  roiDepth,
} from "../../../state/tools/tools";
import { NumberField } from "../../shell/fields";
import { Icon } from "../../shell/Icon";
import { WINDOWS } from "../../texts";
import { viewText } from "../../views/texts";
import { MarkupList } from "./MarkupList";
import { KINDS, MODES, SLABS, TOOLS } from "./texts";
import "../../../style/tools.css";

export function ToolsPanel() {
  return (
    <div
      class="tools-panel"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !placing.value) return;
        event.preventDefault();
        placing.value = null;
      }}
    >
      <Drag />
      <Place />
      <Window />
      <Slab />
      <MarkupList />
    </div>
  );
}

function Drag() {
  return (
    <fieldset>
      <legend>{TOOLS.drag}</legend>
      <div class="tool-row">
        <button
          type="button"
          aria-pressed={dragMode.value === ""}
          title={TOOLS.usualHint}
          onClick={() => (dragMode.value = "")}
        >
          {TOOLS.usual}
        </button>
        {(Object.keys(MODES) as DragMode[]).map((mode) => (
          <button
            key={mode}
            type="button"
            class="tool"
            aria-pressed={dragMode.value === mode}
            title={MODES[mode].title}
            onClick={() => (dragMode.value = dragMode.value === mode ? "" : mode)}
          >
            <Icon path={MODES[mode].icon} />
            <span>{MODES[mode].title}</span>
          </button>
        ))}
      </div>
      <label class="check" title={TOOLS.probeHint}>
        <input
          type="checkbox"
          checked={isProbing.value}
          onChange={(event) => (isProbing.value = event.currentTarget.checked)}
        />
        {TOOLS.probe}: <span class="quiet">{TOOLS.probeHint}</span>
      </label>
    </fieldset>
  );
}

function Place() {
  const kind = placing.value;
  return (
    <fieldset>
      <legend>{TOOLS.place}</legend>
      <div class="tool-grid">
        {(Object.keys(KINDS) as MarkupKind[]).map((one) => (
          <button
            key={one}
            type="button"
            class="tool"
            aria-pressed={kind === one}
            title={KINDS[one].hint}
            onClick={() => choose(one)}
          >
            <Icon path={KINDS[one].icon} />
            <span>{KINDS[one].title}</span>
          </button>
        ))}
      </div>
      <p class="quiet" role="status">
        {kind && KINDS[kind].hint}
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={goesOn.value}
          onChange={(event) => (goesOn.value = event.currentTarget.checked)}
        />
        {TOOLS.goesOn}
      </label>
      {kind === "roi" && (
        <label class="line">
          {TOOLS.depth}
          <select
            value={roiDepth.value}
            onChange={(event) => (roiDepth.value = event.currentTarget.value as "slice" | "cube")}
          >
            {Object.entries(TOOLS.depths).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      )}
    </fieldset>
  );
}

/** A number that is sent when it is entered, not at every key. */
function Field(props: {
  label: string;
  value: number;
  step?: number;
  min?: number;
  onSet(value: number): void;
}) {
  const { label, value, step = 1, min, onSet } = props;
  return (
    <label class="line">
      {label}
      <NumberField label={label} value={value} min={min} step={step} digits={2} onSet={onSet} />
    </label>
  );
}

function Window() {
  const state = states("Red").value as SliceState | null;
  const [window, level] = [state?.window ?? null, state?.level ?? null];
  return (
    <fieldset>
      <legend>{TOOLS.window}</legend>
      {window === null || level === null ? (
        <p class="quiet">{TOOLS.noWindow}</p>
      ) : (
        <>
          <div class="tool-row">
            {WINDOWS.map((preset) => (
              <button
                key={preset.name}
                type="button"
                aria-pressed={window === preset.window && level === preset.level}
                title={`W ${preset.window} L ${preset.level} HU`}
                onClick={() => change("Red", { window: preset.window, level: preset.level })}
              >
                {preset.name}
              </button>
            ))}
            <button type="button" onClick={() => change("Red", { auto_window: true })}>
              {TOOLS.auto}
            </button>
          </div>
          <div class="pair">
            <Field
              label={TOOLS.width}
              value={window}
              min={0.001}
              onSet={(value) => change("Red", { window: value })}
            />
            <Field label={TOOLS.level} value={level} onSet={(value) => change("Red", { level: value })} />
          </div>
        </>
      )}
    </fieldset>
  );
}

/** The slice view that the slab's controls mean; "" for all. */
const slabView = signal("");
const THICKEST_MM = 100;

function Slab() {
  const views = sliceViews();
  const chosen = views.includes(slabView.value) ? [slabView.value] : views;
  const state = states(chosen[0] ?? "Red").value as SliceState | null;
  if (!state) return null;
  const { mode, thickness } = state.slab;
  const set = (slab: Partial<SliceState["slab"]>) => {
    for (const view of chosen)
      change(view, { slab: { ...(states(view).value as SliceState | null)?.slab, ...slab } });
  };
  return (
    <fieldset>
      <legend>{TOOLS.slab}</legend>
      <div class="pair">
        <label class="line">
          {TOOLS.view}
          <select value={slabView.value} onChange={(event) => (slabView.value = event.currentTarget.value)}>
            <option value="">{TOOLS.allViews}</option>
            {views.map((view) => (
              <option key={view} value={view}>
                {viewText(view, "slice").title}
              </option>
            ))}
          </select>
        </label>
        <label class="line">
          {TOOLS.mode}
          <select
            value={mode}
            onChange={(event) => set({ mode: event.currentTarget.value as SliceState["slab"]["mode"] })}
          >
            {SLABS.map((one) => (
              <option key={one.mode} value={one.mode}>
                {one.title}
              </option>
            ))}
          </select>
        </label>
      </div>
      {mode !== "off" && (
        <div class="pair">
          <input
            type="range"
            min={1}
            max={THICKEST_MM}
            step={1}
            value={thickness}
            aria-label={TOOLS.thickness}
            onInput={(event) => set({ thickness: event.currentTarget.valueAsNumber })}
          />
          <Field
            label={TOOLS.thickness}
            value={thickness}
            min={0.1}
            step={0.5}
            onSet={(value) => set({ thickness: value })}
          />
        </div>
      )}
      <label class="check" title={TOOLS.linkedHint}>
        <input
          type="checkbox"
          checked={state.linked}
          onChange={(event) => change(chosen[0] ?? "Red", { linked: event.currentTarget.checked })}
        />
        {TOOLS.linked}
      </label>
    </fieldset>
  );
}

/** Slice views of the layout. */
function sliceViews(): string[] {
  const shown = arrangement.value.places.flatMap(({ part }) =>
    part.kind === "slice" && part.view ? [part.view] : [],
  );
  return [...new Set(shown)];
}
