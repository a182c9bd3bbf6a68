/** Over each view: handles of the chosen markup, what is being placed, the place of the keys, what the probe finds. */
import { useEffect, useRef } from "preact/hooks";
import type { MarkupState, ViewState } from "../../../net/protocol";
import { sizes } from "../../../state/store";
import { markups, selected } from "../../../state/tools/markups";
import { cursor, type Draft, draft, dragging, hovered, placing, probed } from "../../../state/tools/tools";
import type { Spot } from "../../../view/interceptors";
import { handlesOf, outline } from "../../../view/tools/handles";
import { isNear, type Size, see } from "../../../view/tools/lens";
import { angleAt, lengthOf } from "../../../view/tools/measures";
import type { OverlayProps } from "../../views/overlays";
import { measured, place, TOOLS, voxelValue } from "./texts";
import "../../../style/tools.css";

const percent = (part: number) => `${(part * 100).toFixed(3)}%`;

export function Marks({ view, state }: OverlayProps) {
  const root = useRef<HTMLDivElement>(null);
  const size = sizes(view).value;
  const over = hovered.value?.view === view ? hovered.value : null;
  useEffect(() => {
    const surface = root.current?.closest<HTMLElement>(".surface");
    if (surface) surface.style.cursor = placing.value ? "crosshair" : over ? "grab" : "";
  });
  const chosen = selected.value ? markups.value.get(selected.value.id) : undefined;
  const under = over && over.id !== chosen?.id ? markups.value.get(over.id) : undefined;
  const drawn = draft.value?.view === view ? draft.value : null;
  const spot = cursor.value?.view === view && placing.value ? cursor.value : null;
  return (
    <div class="marks" ref={root} aria-hidden="true">
      <svg width="100%" height="100%">
        <title>{TOOLS.markups}</title>
        {chosen?.visible && (
          <Handles markup={chosen} state={state} size={size} index={selected.value?.index ?? null} turns />
        )}
        {under?.visible && <Handles markup={under} state={state} size={size} index={over?.index ?? null} />}
        {drawn && <DraftLines draft={drawn} state={state} size={size} />}
        {spot && <Cross spot={spot} />}
      </svg>
      {drawn && <DraftLabel draft={drawn} state={state} size={size} />}
      <Probe view={view} />
    </div>
  );
}

interface Shown {
  markup: MarkupState;
  state: ViewState;
  size: Size;
  index: number | null;
  /** With those that turn it. */
  turns?: boolean;
}

function Handles({ markup, state, size, index, turns }: Shown) {
  const isMoving = markup.id === "" || dragging.value === markup.id; // the server draws those that rest
  return (
    <g class={markup.locked ? "locked" : ""}>
      {isMoving && outline(markup, state, size).map(([a, b]) => <Line key={`${a.x} ${a.y}`} a={a} b={b} />)}
      {handlesOf(markup, state, size).map((handle) => {
        const seen = see(state, size, handle.at);
        if (!seen || !isNear(state, seen)) return null;
        if (handle.kind === "turn")
          return (
            turns && (
              <Turn
                key={`turn ${handle.index}`}
                seen={seen}
                stem={see(state, size, handle.stem ?? handle.at)}
              />
            )
          );
        const isChosen = handle.kind === "point" && handle.index === index;
        const key = `${handle.kind} ${handle.index} ${handle.sides}`;
        const where = { cx: percent(seen.x), cy: percent(seen.y) };
        return (
          <circle key={key} class={isChosen ? "handle chosen" : "handle"} r={isChosen ? 7 : 5} {...where} />
        );
      })}
    </g>
  );
}

/** A handle that turns a box: on a stem, with an arrow around it. */
function Turn({ seen, stem }: { seen: Spot; stem: Spot | null }) {
  const ends = stem && { x1: percent(stem.x), y1: percent(stem.y), x2: percent(seen.x), y2: percent(seen.y) };
  return (
    <g class="turn">
      {ends && <line {...ends} />}
      <circle class="handle" r="8" cx={percent(seen.x)} cy={percent(seen.y)} />
      <svg x={percent(seen.x)} y={percent(seen.y)} overflow="visible">
        <title>{TOOLS.turn}</title>
        <path d="M-3.500 -2A4 4 0 1 1 -3 3M-5 -4.500L-3.600 -1.700L-0.700 -2.800" />
      </svg>
    </g>
  );
}

function Line({ a, b }: { a: Spot; b: Spot }) {
  const ends = { x1: percent(a.x), y1: percent(a.y), x2: percent(b.x), y2: percent(b.y) };
  return (
    <>
      <line class="under" {...ends} />
      <line {...ends} />
    </>
  );
}

interface Drawn {
  draft: Draft;
  state: ViewState;
  size: Size;
}

/** What is being placed, as if it were a markup already. */
function asMarkup({ kind, points, frame, size }: Draft): MarkupState {
  const look = {
    color: "",
    opacity: 1,
    visible: true,
    locked: false,
    measurements: [],
    labels: null,
    crops: false,
  };
  return { id: "", name: "", kind, count: points.length, points, frame, size, ...look };
}

function DraftLines({ draft: drawn, state, size }: Drawn) {
  return <Handles markup={asMarkup(drawn)} state={state} size={size} index={null} />;
}

function DraftLabel({ draft: drawn, state, size }: Drawn) {
  const { kind, points, size: box } = drawn;
  const last = points[points.length - 1];
  let text = "";
  if (box)
    text = box
      .slice(0, 2)
      .map((mm) => mm.toFixed(1))
      .join(" × ");
  else if (kind === "angle" && points.length === 3) text = measured(angleAt(points), "deg");
  else if (points.length > 1 && kind !== "points") text = measured(lengthOf(points), "mm");
  const at =
    last ?? (drawn.frame && ([drawn.frame[3], drawn.frame[7], drawn.frame[11]] as [number, number, number]));
  const seen = at && see(state, size, at);
  if (!text || !seen) return null;
  return (
    <span class="tag" style={tagPlace(seen)}>
      {box ? `${text} mm` : text}
    </span>
  );
}

/** Beside a spot, on the side where there is room. */
function tagPlace({ x, y }: Spot): Record<string, string> {
  const [across, fromSide] = x < 0.6 ? ["left", x] : ["right", 1 - x];
  const [along, fromEnd] = y < 0.7 ? ["top", y] : ["bottom", 1 - y];
  return { [across]: `calc(${percent(fromSide)} + 14px)`, [along]: `calc(${percent(fromEnd)} + 10px)` };
}

function Cross({ spot }: { spot: Spot }) {
  const [x, y] = [percent(spot.x), percent(spot.y)];
  return (
    <g class="keys">
      <line x1={x} y1="0" x2={x} y2="100%" />
      <line x1="0" y1={y} x2="100%" y2={y} />
    </g>
  );
}

function Probe({ view }: { view: string }) {
  const shown = probed.value;
  if (shown?.view !== view) return null;
  const { found } = shown;
  return (
    <dl class="tag probe" style={tagPlace(shown)}>
      <div>
        <dd>{place(found.position)}</dd>
      </div>
      {found.layers.map((layer) => (
        <div key={layer.layer}>
          <dt>{layer.name}</dt>
          <dd>
            {layer.value === null ? (
              TOOLS.outside
            ) : (
              <>
                <b>
                  {[layer.value]
                    .flat()
                    .map((value) => voxelValue(value))
                    .join(", ")}{" "}
                  {layer.units}
                </b>{" "}
                {layer.label} ({layer.ijk?.join(", ")})
              </>
            )}
          </dd>
        </div>
      ))}
      {found.segments.map((segment) => (
        <div key={`${segment.segmentation} ${segment.id}`}>
          <dd>
            <i style={{ background: segment.color }} /> {segment.name}
          </dd>
        </div>
      ))}
    </dl>
  );
}
