/** The views where the layout has them, and the dividers between them. */
import { useRef } from "preact/hooks";
import type { Divider, Place, Strip } from "../../state/layouts";
import { arrangement, maximized, openTabs, setShares, VIEWS } from "../../state/store";
import { SceneState } from "../shell/SceneState";
import { NO_VIEWS, NOT_DRAWN, VIEW } from "./texts";
import { ViewPanel } from "./ViewPanel";

const WHOLE = { left: "0", top: "0", width: "100%", height: "100%" };
const KEY_STEP = 0.02;
const ACROSS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };
const DOWN: Record<string, number> = { ArrowUp: -1, ArrowDown: 1 };

/** Panels keep their places in the document, whatever the layout, so that streams stay open. */
export function Views() {
  const main = useRef<HTMLElement>(null);
  const { places, strips, dividers } = arrangement.value;
  const drawn = places.filter(({ part }) => part.kind === "slice" || part.kind === "threeD");
  const hidden = VIEWS.filter((view) => drawn.every(({ part }) => part.view !== view));
  const alone = maximized.value;
  const panels = [
    ...drawn.map((place) => ({ view: place.part.view ?? "", kind: place.part.kind ?? "", place })),
    ...hidden.map((view) => ({ view, kind: view === "1" ? "threeD" : "slice", place: null })),
  ].sort((a, b) => rankOf(a.view) - rankOf(b.view) || (a.view < b.view ? -1 : 1));
  return (
    <main class="views" ref={main}>
      {panels.map(({ view, kind, place }) => (
        <ViewPanel
          key={view}
          view={view}
          kind={kind}
          shown={alone ? view === alone : place !== null}
          style={alone || !place ? WHOLE : { ...rectangle(place), ...colorOf(place) }}
        />
      ))}
      {!alone &&
        places
          .filter((place) => !drawn.includes(place))
          .map((place) => (
            <p key={place.part.view} class="view not-drawn" style={rectangle(place)}>
              {NOT_DRAWN[place.part.kind ?? ""] ?? place.part.view}
            </p>
          ))}
      {!alone && strips.map((strip) => <Tabs key={strip.key} strip={strip} />)}
      {!alone &&
        dividers.map((divider) => (
          <Bar key={divider.key} divider={divider} whole={() => main.current?.getBoundingClientRect()} />
        ))}
      {!alone && places.length === 0 && <p class="hint">{NO_VIEWS}</p>}
      <SceneState />
    </main>
  );
}

/** The usual views first, in reading order, whatever the layout. */
function rankOf(view: string): number {
  const rank = VIEWS.indexOf(view);
  return rank < 0 ? VIEWS.length : rank;
}

/** A place's edges; each tab strip above takes its height from it. */
function rectangle(place: Place | Strip): Record<string, string> {
  const strips = `${place.below} * var(--strip)`;
  const edges = { left: `${place.left}%`, top: `calc(${place.top}% + ${strips})`, width: `${place.width}%` };
  return "height" in place ? { ...edges, height: `calc(${place.height}% - ${strips})` } : edges;
}

function colorOf({ part }: Place): Record<string, string> {
  return part.color ? { "--color": part.color } : {};
}

function Tabs({ strip }: { strip: Strip }) {
  return (
    <div class="tabs" role="tablist" style={rectangle(strip)}>
      {strip.tabs.map((tab, index) => (
        <button
          key={tab.view}
          type="button"
          role="tab"
          aria-selected={index === strip.open}
          style={tab.color ? { "--color": tab.color } : {}}
          onClick={() => {
            openTabs.value = { ...openTabs.value, [strip.key]: index };
          }}
        >
          {tab.view}
        </button>
      ))}
    </div>
  );
}

/** Dragged, or moved by arrow keys; a double click makes all parts of its row as large as the layout has them. */
function Bar({ divider, whole }: { divider: Divider; whole(): DOMRect | undefined }) {
  const { split, left, top, length, at, box } = divider;
  const across = split === "columns";
  const move = (share: number) => setShares(divider, share);
  const now = (at - box.from) / (box.to - box.from);
  return (
    <div
      class={`divider ${split}`}
      role="separator"
      tabIndex={0}
      aria-label={VIEW.splitter}
      aria-orientation={across ? "vertical" : "horizontal"}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(now * 100)}
      style={{ left: `${left}%`, top: `${top}%`, [across ? "height" : "width"]: `${length}%` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        const frame = whole();
        if (!frame || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const percent = across
          ? (100 * (event.clientX - frame.left)) / frame.width
          : (100 * (event.clientY - frame.top)) / frame.height;
        move((percent - box.from) / (box.to - box.from));
      }}
      onDblClick={() => setShares(divider, null)}
      onKeyDown={(event) => {
        const step = (across ? ACROSS : DOWN)[event.key];
        if (step === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        move(now + step * KEY_STEP);
      }}
    />
  );
}
