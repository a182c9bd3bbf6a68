/** The transfer function of a volume rendering: opacities as a curve over the histogram, colours as a bar below it. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Rendering } from "../../../net/protocol";
import { api } from "../../../state/data/nodes";
import { changeRendering } from "../../../state/rendering";
import {
  between,
  colorAt,
  curve,
  editsOf,
  heightOf,
  opacityAt,
  opacityOf,
  type Points,
  placeOf,
  put,
  skyline,
} from "../../../view/transfer";
import { NumberField } from "../../shell/fields";
import { StopTrack } from "./StopTrack";
import { isCoarse, RENDERING, valueText } from "./texts";

type Track = "opacity" | "color" | "gradient";
/** The point that keys and fields mean. */
const chosen = signal<{ track: Track; index: number }>({ track: "opacity", index: 0 });

const BINS = 128;

/** How often values occur; null until that is known. */
function useHistogram(volume: string, [low, high]: [number, number]): number[] | null {
  const [counts, setCounts] = useState<number[] | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const query = { volume, bins: BINS };
    api("GET /api/rendering/histogram", { query, signal: stop.signal }).then(
      (found) => setCounts(found.counts),
      () => setCounts(null),
    );
    return () => stop.abort();
  }, [volume, low, high]);
  return counts;
}

export function Transfer({ volume, rendering }: { volume: string; rendering: Rendering }) {
  const { opacity_points: curvePoints, color_points: stops, range } = rendering;
  const counts = useHistogram(volume, range);
  if (!curvePoints || !stops) return <p class="note">{RENDERING.tooMany}</p>;
  const words = (value: number) => valueText(value, range);
  const { track, index } = chosen.value;
  const choose = (of: Track) => (n: number) => {
    chosen.value = { track: of, index: n };
  };
  const setCurve = (points: Points<number>) => changeRendering({ opacity_points: points, preset: "" });
  const outline = curve(curvePoints, range);
  const setStops = (points: Points<string>) => changeRendering({ color_points: points, preset: "" });
  return (
    <div class="transfer">
      <StopTrack
        class="curve"
        label={RENDERING.curve}
        points={curvePoints}
        range={range}
        chosen={track === "opacity" ? index : -1}
        nameOf={(n, [value, opacity]) =>
          RENDERING.pointText(n + 1, curvePoints.length, words(value), RENDERING.percent(opacity))
        }
        heightOf={heightOf}
        whatAt={(value, height) => (height === null ? opacityAt(curvePoints, value) : opacityOf(height))}
        colorOf={([value]) => colorAt(stops, value)}
        onChoose={choose("opacity")}
        onChange={setCurve}
      >
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          <title>{RENDERING.curve}</title>
          {counts && <path class="counts" d={skyline(counts)} />}
          <path class="half" d="M0 0.5L1 0.5" />
          <path class="line under" d={outline} />
          <path class="line" d={outline} />
        </svg>
      </StopTrack>
      <StopTrack
        class="bar"
        label={RENDERING.stops}
        points={stops}
        range={range}
        chosen={track === "color" ? index : -1}
        nameOf={(n, [value, color]) => RENDERING.stopText(n + 1, stops.length, words(value), color)}
        whatAt={(value) => colorAt(stops, value)}
        colorOf={([, color]) => color}
        background={gradient(stops, range)}
        onChoose={choose("color")}
        onChange={setStops}
      />
      <div class="ends" aria-hidden="true">
        <span>{words(range[0])}</span>
        <span>{words(range[1])}</span>
      </div>
      {track === "opacity" ? (
        <Chosen
          title={RENDERING.chosenPoint}
          points={curvePoints}
          range={range}
          whatAt={(value) => opacityAt(curvePoints, value)}
          onChange={setCurve}
          onChoose={choose("opacity")}
          field={percentField}
        />
      ) : track === "color" ? (
        <Chosen
          title={RENDERING.chosenStop}
          points={stops}
          range={range}
          whatAt={(value) => colorAt(stops, value)}
          onChange={setStops}
          onChoose={choose("color")}
          field={(value, set) => (
            <label>
              <span>{RENDERING.stopColor}</span>
              <input
                type="color"
                value={value}
                aria-label={RENDERING.stopColor}
                onInput={(event) => set(event.currentTarget.value)}
              />
            </label>
          )}
        />
      ) : null}
      {rendering.gradient_points && (
        <Edges points={rendering.gradient_points} range={range} choose={choose("gradient")} />
      )}
      <p class="note">{RENDERING.transferKeys}</p>
    </div>
  );
}

function percentField(value: number, set: (value: number) => void) {
  return (
    <label>
      <span>{RENDERING.pointOpacity}</span>
      <NumberField
        label={RENDERING.pointOpacity}
        value={100 * value}
        min={0}
        max={100}
        digits={2}
        onSet={(percent) => set(Math.min(percent / 100, 1))}
      />
    </label>
  );
}

/** Opacity by how steep the values are: what is even is made clear, and borders stay. Folded up, for most looks do without. */
function Edges(props: { points: Points<number>; range: [number, number]; choose(index: number): void }) {
  const { points, range, choose } = props;
  const { track, index } = chosen.value;
  const steepest = Math.max((range[1] - range[0]) / 4, points.at(-1)?.[0] ?? 0);
  const steep: [number, number] = [0, steepest];
  const words = (value: number) => valueText(value, steep);
  const set = (next: Points<number>) => changeRendering({ gradient_points: next, preset: "" });
  const outline = curve(points, steep);
  return (
    <details class="edges">
      <summary>{RENDERING.edges}</summary>
      <StopTrack
        class="curve"
        label={RENDERING.edges}
        points={points}
        range={steep}
        chosen={track === "gradient" ? index : -1}
        nameOf={(n, [value, opacity]) =>
          RENDERING.edgeText(n + 1, points.length, words(value), RENDERING.percent(opacity))
        }
        heightOf={heightOf}
        whatAt={(value, height) => (height === null ? opacityAt(points, value) : opacityOf(height))}
        colorOf={() => "#ffffff"}
        onChoose={choose}
        onChange={set}
      >
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          <title>{RENDERING.edges}</title>
          <path class="half" d="M0 0.5L1 0.5" />
          <path class="line under" d={outline} />
          <path class="line" d={outline} />
        </svg>
      </StopTrack>
      <div class="ends" aria-hidden="true">
        <span>{words(0)}</span>
        <span>{words(steepest)}</span>
      </div>
      {track === "gradient" && (
        <Chosen
          title={RENDERING.chosenEdge}
          label={RENDERING.steepness}
          points={points}
          range={steep}
          whatAt={(value) => opacityAt(points, value)}
          onChange={set}
          onChoose={choose}
          field={percentField}
        />
      )}
    </details>
  );
}

/** The colours as they lie along the range. */
function gradient(stops: Points<string>, range: [number, number]): string {
  const ends: Points<string> = range.map((value) => [value, colorAt(stops, value)]);
  const inner = stops.filter(([value]) => value > range[0] && value < range[1]);
  const all = [...ends.slice(0, 1), ...inner, ...ends.slice(1)];
  const drawn = all.map(([value, color]) => `${color} ${(100 * placeOf(value, range)).toFixed(2)}%`);
  return `linear-gradient(to right, ${drawn.join(", ")})`;
}

interface ChosenProps<T> {
  title: string;
  /** What a point's place along the track is called. */
  label?: string;
  points: Points<T>;
  range: [number, number];
  whatAt(value: number): T;
  onChange(points: Points<T>): void;
  onChoose(index: number): void;
  field(value: T, set: (value: T) => void): preact.ComponentChild;
}

/** The chosen point in numbers. */
function Chosen<T>(props: ChosenProps<T>) {
  const { title, label = RENDERING.value, points, range, whatAt, onChange, onChoose, field } = props;
  const index = Math.min(chosen.value.index, points.length - 1);
  const point = points[index];
  if (!point) return null;
  const [value, what] = point;
  const isLarge = isCoarse(range);
  const edits = editsOf(points, range, onChange, onChoose);
  return (
    <fieldset class="chosen-point">
      <legend>{title}</legend>
      <label>
        <span>{label}</span>
        <NumberField
          label={label}
          value={value}
          digits={isLarge ? 1 : 5}
          step={isLarge ? 1 : (range[1] - range[0]) / 100}
          onSet={(wanted) => onChange(put(points, index, wanted, what, range))}
        />
      </label>
      {field(what, (next) => onChange(put(points, index, value, next, range)))}
      <button
        type="button"
        onClick={() => {
          const at = between(points, index, range);
          edits.add(at, whatAt(at));
        }}
      >
        {RENDERING.add}
      </button>
      <button type="button" disabled={points.length < 2} onClick={() => edits.remove(index)}>
        {RENDERING.remove}
      </button>
    </fieldset>
  );
}
