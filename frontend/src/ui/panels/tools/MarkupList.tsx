/** The markups of the scene: what they measure, how they look, where they are. */
import { useEffect, useState } from "preact/hooks";
import { wordsOf } from "../../../net/archive/ask";
import { measure, type Statistics } from "../../../net/markups";
import type { MarkupState, SliceState, Vector3 } from "../../../net/protocol";
import { activeVolume, arrangement, change as changeView, states, toast } from "../../../state/store";
import { markups, middle, selected } from "../../../state/tools/markups";
import { change, crop, remove } from "../../../state/tools/start";
import { column } from "../../../view/slice";
import { dot } from "../../../view/vectors";
import { Icon } from "../../shell/Icon";
import { useNameFilter } from "../../shell/NameFilter";
import { KINDS, measured, TOOLS, voxelValue } from "./texts";

const EYE = "M2 12c3 -5 6 -7 10 -7s7 2 10 7c-3 5 -6 7 -10 7s-7 -2 -10 -7M12 9a3 3 0 1 0 0 6a3 3 0 1 0 0 -6";
const EYE_OFF = `${EYE}M4 20L20 4`;
const LOCK = "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3";
const OPEN = "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 -1";
const BIN = "M5 7h14M10 7V5h4v2M7 7l1 13h8l1 -13M10 11v5M14 11v5";

const LISTED_MARKUPS = 200;

export function MarkupList() {
  const all = [...markups.value.values()];
  const { box, left } = useNameFilter(all, ({ name }) => name);
  return (
    <fieldset class="markups">
      <legend>{TOOLS.markups}</legend>
      {all.length === 0 && <p class="quiet">{TOOLS.none}</p>}
      {box}
      <ul>
        {left.slice(0, LISTED_MARKUPS).map((markup) => (
          <Row key={markup.id} markup={markup} />
        ))}
      </ul>
      {left.length > LISTED_MARKUPS && <p class="quiet">{TOOLS.others(left.length - LISTED_MARKUPS)}</p>}
      {all.length > 0 && (
        <button type="button" onClick={() => void copy(all)}>
          {TOOLS.copy}
        </button>
      )}
    </fieldset>
  );
}

function Row({ markup }: { markup: MarkupState }) {
  const isChosen = selected.value?.id === markup.id;
  const { id, name, visible, locked } = markup;
  return (
    <li class={isChosen ? "chosen" : ""}>
      <div class="markup-row">
        <button
          type="button"
          class="markup-name"
          aria-expanded={isChosen}
          onClick={() => (selected.value = isChosen ? null : { id, index: null })}
        >
          <i style={{ background: markup.color }} />
          <Icon path={KINDS[markup.kind].icon} />
          <span class="visually-hidden">{TOOLS.choose} </span>
          <span class="text">{name}</span> <span class="value">{valueOf(markup)}</span>
        </button>
        <IconButton
          label={visible ? TOOLS.hide(name) : TOOLS.show(name)}
          path={visible ? EYE : EYE_OFF}
          onClick={() => void change(id, { visible: !visible })}
        />
        <IconButton
          label={locked ? TOOLS.unlock(name) : TOOLS.lock(name)}
          path={locked ? LOCK : OPEN}
          onClick={() => void change(id, { locked: !locked })}
        />
        <IconButton label={TOOLS.remove(name)} path={BIN} onClick={() => void remove(id)} />
      </div>
      {isChosen && <Details markup={markup} />}
    </li>
  );
}

function IconButton({ label, path, onClick }: { label: string; path: string; onClick(): void }) {
  return (
    <button type="button" class="icon" title={label} aria-label={label} onClick={onClick}>
      <Icon path={path} />
    </button>
  );
}

function valueOf({ kind, measurements, count }: MarkupState): string {
  if (kind === "points") return `${count}`;
  const first = measurements.find(({ name }) => name === "area") ?? measurements[0];
  return first ? measured(first.value, first.units) : "";
}

function Details({ markup }: { markup: MarkupState }) {
  const { id, kind } = markup;
  const at = middle(markup);
  return (
    <div class="details">
      <div class="pair">
        <label class="line">
          {TOOLS.name}
          <input
            type="text"
            maxLength={200}
            value={markup.name}
            onChange={(event) => {
              const name = event.currentTarget.value.trim();
              if (name) void change(id, { name });
              else event.currentTarget.value = markup.name;
            }}
          />
        </label>
        <label class="line">
          {TOOLS.color}
          <input
            type="color"
            value={markup.color}
            onChange={(event) => void change(id, { color: event.currentTarget.value })}
          />
        </label>
      </div>
      <div class="tool-row">
        {at && (
          <button type="button" title={TOOLS.goToHint} onClick={() => goTo(at)}>
            {TOOLS.goTo}
          </button>
        )}
        {kind === "roi" && (
          <button type="button" aria-pressed={markup.crops} onClick={() => void crop(id, !markup.crops)}>
            {TOOLS.crop}
          </button>
        )}
      </div>
      {kind !== "points" && (
        <p class="measurements">
          {markup.measurements.map(({ name, value, units }) => (
            <span key={name}>{measured(value, units)}</span>
          ))}
        </p>
      )}
      {markup.frame && markup.size && <Size markup={markup} />}
      {(kind === "roi" || kind === "closedCurve") && <Counted markup={markup} />}
      {!markup.frame && <Points markup={markup} />}
    </div>
  );
}

/** Put the planes of all slice views through a point. */
function goTo(at: Vector3): void {
  for (const { part } of arrangement.peek().places) {
    const state = part.view ? states(part.view).peek() : null;
    if (part.view && state?.kind === "slice")
      changeView(part.view, { offset: dot(column((state as SliceState).slice_to_ras, 2), at) });
  }
}

function Size({ markup }: { markup: MarkupState }) {
  const size = markup.size ?? [];
  return (
    <div class="line">
      {TOOLS.size}
      {size.map((mm, n) => (
        <Coordinate
          key={n}
          label={TOOLS.axis(n)}
          value={mm}
          min={0.1}
          onSet={(value) => void change(markup.id, { size: size.map((one, k) => (k === n ? value : one)) })}
        />
      ))}
    </div>
  );
}

interface CoordinateProps {
  label: string;
  value: number;
  min?: number;
  onSet(value: number): void;
}

function Coordinate({ label, value, min, onSet }: CoordinateProps) {
  return (
    <input
      type="number"
      step={0.5}
      min={min}
      aria-label={label}
      title={label}
      value={Number(value.toFixed(2))}
      onChange={(event) => {
        const wanted = event.currentTarget.valueAsNumber;
        if (Number.isFinite(wanted) && (min === undefined || wanted >= min)) onSet(wanted);
        else event.currentTarget.value = value.toFixed(2);
      }}
    />
  );
}

/** What a point is called, without the name of its markup, which stands above. */
export function shortLabel(label: string, name: string, index: number): string {
  const rest = label.startsWith(`${name}-`) ? label.slice(name.length + 1) : label;
  return rest || `${index + 1}`;
}

const AXES = ["R", "A", "S"];
const LISTED = 50;

function Points({ markup }: { markup: MarkupState }) {
  const { id, points, labels } = markup;
  if (!points || points.length > LISTED) return <p class="quiet">{TOOLS.more(markup.count)}</p>;
  const chosen = selected.value?.index;
  return (
    <table class="points">
      <caption>{TOOLS.points}</caption>
      <thead>
        <tr>
          <th />
          {AXES.map((axis) => (
            <th key={axis}>{axis}</th>
          ))}
          <th />
        </tr>
      </thead>
      <tbody>
        {points.map((point, index) => {
          const label = shortLabel(labels?.[index] ?? "", markup.name, index);
          return (
            <tr key={index} class={index === chosen ? "chosen" : ""}>
              <th scope="row">
                <button
                  type="button"
                  title={TOOLS.goToHint}
                  onClick={() => {
                    selected.value = { id, index };
                    goTo(point);
                  }}
                >
                  {label}
                </button>
              </th>
              {AXES.map((axis, n) => (
                <td key={axis}>
                  <Coordinate
                    label={TOOLS.coordinate(label, axis)}
                    value={point[n] ?? 0}
                    onSet={(value) => {
                      const position = point.map((old, k) => (k === n ? value : old)) as Vector3;
                      void change(id, { index, position });
                    }}
                  />
                </td>
              ))}
              <td>
                {markup.kind !== "line" && markup.kind !== "angle" && points.length > 1 && (
                  <button
                    type="button"
                    class="icon"
                    title={TOOLS.removePoint(label)}
                    aria-label={TOOLS.removePoint(label)}
                    onClick={() => void change(id, { remove: index })}
                  >
                    ×
                  </button>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const COUNT_AFTER_MS = 250;

/** Statistics of the voxels within, counted when the region has come to rest. */
function Counted({ markup }: { markup: MarkupState }) {
  const [found, setFound] = useState<Statistics | null>(null);
  const [fault, setFault] = useState("");
  const [isCounting, setCounting] = useState(false);
  const volume = activeVolume.value;
  const where = JSON.stringify([markup.frame, markup.size, markup.points, volume]);
  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(async () => {
      setCounting(true);
      try {
        const statistics = await measure(markup.id, volume);
        if (!wanted) return;
        setFound(statistics);
        setFault("");
      } catch (error) {
        if (!wanted) return;
        setFound(null);
        setFault(wordsOf(error));
      } finally {
        if (wanted) setCounting(false);
      }
    }, COUNT_AFTER_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [markup.id, where]);
  return (
    <section class="statistics" aria-label={TOOLS.statistics} aria-busy={isCounting}>
      <h3>
        {TOOLS.statistics} <span class="quiet">{found && TOOLS.inVolume(found.name)}</span>
      </h3>
      {fault && <p class="fault">{fault}</p>}
      {!found && !fault && <p class="quiet">{TOOLS.measuring}</p>}
      {found && (found.count === 0 ? <p class="quiet">{TOOLS.empty}</p> : <Figures found={found} />)}
    </section>
  );
}

function Figures({ found }: { found: Statistics }) {
  const { units } = found;
  const rows: [string, string][] = [
    [TOOLS.mean, `${found.mean?.toFixed(2)} ${units}`],
    [TOOLS.sd, `${found.sd?.toFixed(2)} ${units}`],
    [TOOLS.min, voxelValue(found.minimum ?? 0, units)],
    [TOOLS.max, voxelValue(found.maximum ?? 0, units)],
    [TOOLS.count, `${found.count}`],
  ];
  if (found.area_mm2 !== null) rows.push([TOOLS.area, measured(found.area_mm2, "mm2")]);
  if (found.volume_mm3 !== null) rows.push([TOOLS.volume, measured(found.volume_mm3, "mm3")]);
  return (
    <dl>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** All measurements and points as a table that spreadsheets take. */
async function copy(all: MarkupState[]): Promise<void> {
  try {
    await navigator.clipboard.writeText(tableOf(all));
    toast(TOOLS.copied);
  } catch {
    toast(TOOLS.notCopied, "error");
  }
}

export function tableOf(all: MarkupState[]): string {
  const rows: (string | number)[][] = [TOOLS.columns];
  for (const markup of all) {
    const title = KINDS[markup.kind].title;
    for (const { name, value, units } of markup.measurements)
      rows.push([markup.name, title, name, value.toFixed(3), units, "", "", ""]);
    markup.points?.forEach((point, n) => {
      rows.push([
        markup.name,
        title,
        markup.labels?.[n] ?? `${n + 1}`,
        "",
        "",
        ...point.map((mm) => mm.toFixed(3)),
      ]);
    });
  }
  return rows.map((row) => row.map((cell) => String(cell).replace(/[\t\r\n]/g, " ")).join("\t")).join("\n");
}
