/** Effects on the whole segment. */
import { signal } from "@preact/signals";
import type { SliceState } from "../../../net/protocol";
import type { Effect, Segmentation } from "../../../net/segments";
import { choose } from "../../../state/segments/painting";
import { apply, cancel, range, segment, tool, working } from "../../../state/segments/segments";
import { progress, states } from "../../../state/store";
import { Section } from "../../shell/fields";
import { Typed } from "./Typed";
import { SEGMENTS } from "./texts";

const smallest = signal(1000);
const method = signal<keyof typeof SEGMENTS.methods>("median");
const size = signal(3);
const margin = signal(3);
const operation = signal<keyof typeof SEGMENTS.operations>("add");
const other = signal("");

const isLone = (name: string) => name === "invert" || name === "clear";

export function Effects({ node }: { node: Segmentation }) {
  const off = node.busy !== "" || working.value !== "" || !segment.value;
  return (
    <>
      {(working.value || node.busy) && <Working what={working.value || node.busy} />}
      <fieldset class="effects" disabled={off}>
        <Section title={SEGMENTS.threshold}>
          <Threshold />
        </Section>
        <Section title={SEGMENTS.islands}>
          <Islands />
        </Section>
        <Section title={SEGMENTS.smooth}>
          <Smooth />
        </Section>
        <Section title={SEGMENTS.more}>
          <More node={node} />
        </Section>
      </fieldset>
    </>
  );
}

function Working({ what }: { what: string }) {
  return (
    <p class="row working" role="status">
      <span class="grow">{SEGMENTS.working(what)}</span>
      <progress max={1} value={progress.value?.fraction ?? undefined} />
      <button type="button" onClick={() => void cancel()}>
        {SEGMENTS.cancel}
      </button>
    </p>
  );
}

function Apply({ name, effect, label = name }: { name: string; effect: Effect; label?: string }) {
  return (
    <button type="button" onClick={() => void apply(effect, name)}>
      {label}
    </button>
  );
}

function Threshold() {
  const known = (states("Red").value as SliceState | null)?.scalar_range;
  const shown =
    range.value ?? (known ? [Math.round((known[0] + known[1]) / 2), Math.ceil(known[1])] : [0, 1]);
  const [low, high] = shown as [number, number];
  const set = (from: number, to: number) => {
    if (Number.isFinite(from) && Number.isFinite(to)) range.value = [from, to];
  };
  return (
    <>
      <div class="pair">
        <Figure label={SEGMENTS.from} value={low} onChange={(value) => set(value, high)} />
        <Figure label={SEGMENTS.to} value={high} onChange={(value) => set(low, value)} />
      </div>
      {known && (
        <>
          <input
            type="range"
            aria-label={SEGMENTS.from}
            min={known[0]}
            max={known[1]}
            step="any"
            value={low}
            onInput={(event) => set(round(event.currentTarget.valueAsNumber, known), high)}
          />
          <input
            type="range"
            aria-label={SEGMENTS.to}
            min={known[0]}
            max={known[1]}
            step="any"
            value={high}
            onInput={(event) => set(low, round(event.currentTarget.valueAsNumber, known))}
          />
          <p class="note">{SEGMENTS.unit(known[0], known[1])}</p>
        </>
      )}
      <div class="buttons">
        <Apply
          name={SEGMENTS.threshold}
          label={SEGMENTS.use}
          effect={{ type: "threshold", range: [low, high] }}
        />
        <Apply
          name={SEGMENTS.threshold}
          label={SEGMENTS.addRange}
          effect={{ type: "threshold", range: [low, high], add: true }}
        />
      </div>
    </>
  );
}

/** To a thousandth of what the volume has. */
function round(value: number, [low, high]: [number, number]): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(high - low, 1e-6) / 500));
  return Number((Math.round(value / unit) * unit).toPrecision(6));
}

function Islands() {
  return (
    <>
      <div class="buttons">
        <Apply name={SEGMENTS.keep_largest} effect={{ type: "islands", operation: "keep_largest" }} />
        {(["keep_at", "remove_at"] as const).map((name, index) => (
          <button
            key={name}
            type="button"
            aria-pressed={tool.value === name}
            aria-keyshortcuts={`${index + 3}`}
            title={`${SEGMENTS[name]} (${index + 3})`}
            onClick={() => choose(tool.value === name ? "" : name)}
          >
            {SEGMENTS[name]}
          </button>
        ))}
      </div>
      <Figure
        label={SEGMENTS.smallest}
        value={smallest.value}
        min={1}
        onChange={(value) => (smallest.value = Math.max(1, Math.round(value)))}
      />
      <div class="buttons">
        {(["remove_small", "split"] as const).map((name) => (
          <Apply
            key={name}
            name={SEGMENTS[name]}
            effect={{ type: "islands", operation: name, smallest: smallest.value }}
          />
        ))}
      </div>
    </>
  );
}

function Smooth() {
  return (
    <>
      <label class="field">
        <span>{SEGMENTS.method}</span>
        <select
          value={method.value}
          onChange={(event) => (method.value = event.currentTarget.value as typeof method.value)}
        >
          {Object.entries(SEGMENTS.methods).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <div class="row">
        <Figure
          label={SEGMENTS.size}
          value={size.value}
          min={0.1}
          onChange={(value) => (size.value = value)}
        />
        <Apply
          name={SEGMENTS.smooth}
          effect={{ type: "smooth", method: method.value, size: Math.max(0.1, size.value) }}
        />
      </div>
      <div class="row">
        <Figure
          label={SEGMENTS.margin}
          value={margin.value}
          min={0.1}
          onChange={(value) => (margin.value = Math.abs(value))}
        />
        <Apply name={SEGMENTS.growMargin} effect={{ type: "margin", size: margin.value }} />
        <Apply name={SEGMENTS.shrinkMargin} effect={{ type: "margin", size: -margin.value }} />
      </div>
    </>
  );
}

function More({ node }: { node: Segmentation }) {
  const others = node.segments.filter(({ id }) => id !== segment.value?.id);
  const chosen = others.find(({ id }) => id === other.value) ?? others[0];
  const lone = isLone(operation.value);
  return (
    <>
      <div class="buttons">
        <Apply name={SEGMENTS.grow} effect={{ type: "grow" }} />
      </div>
      <p class="note">{SEGMENTS.growHelp}</p>
      <div class="buttons">
        <Apply name={SEGMENTS.fill_between} effect={{ type: "fill_between" }} />
      </div>
      <p class="note">{SEGMENTS.fillHelp}</p>
      <div class="row">
        <select
          aria-label={SEGMENTS.operation}
          value={operation.value}
          onChange={(event) => (operation.value = event.currentTarget.value as typeof operation.value)}
        >
          {Object.entries(SEGMENTS.operations).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
        {!lone && (
          <select
            class="grow"
            aria-label={SEGMENTS.other}
            value={chosen?.id ?? ""}
            onChange={(event) => (other.value = event.currentTarget.value)}
          >
            {others.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
        <button
          type="button"
          disabled={!lone && !chosen}
          onClick={() =>
            void apply(
              {
                type: "logical",
                operation: operation.value,
                ...(lone || !chosen ? {} : { other: chosen.id }),
              },
              SEGMENTS.operations[operation.value],
            )
          }
        >
          {SEGMENTS.apply}
        </button>
      </div>
    </>
  );
}

interface FigureProps {
  label: string;
  value: number;
  min?: number;
  onChange(value: number): void;
}

function Figure({ label, value, min, onChange }: FigureProps) {
  return (
    <label class="figure">
      <span>{label}</span>
      <Typed
        type="number"
        min={min}
        value={value}
        onTyped={(text) => text.trim() && Number.isFinite(Number(text)) && onChange(Number(text))}
      />
    </label>
  );
}
