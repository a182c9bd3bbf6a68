/** The tree, of which only the rows that are seen are in the document. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { scrollTo, seen } from "../../../state/archive/window";
import {
  chosen,
  edit,
  kind,
  look,
  type Row,
  rowAt,
  rows,
  search,
  searchFor,
  showAll,
  toggle,
  version,
} from "../../../state/data/nodes";
import { Icon } from "../../shell/Icon";
import { asking, renaming } from "./asking";
import { ICONS } from "./icons";
import { DATA, LAYER_LETTERS } from "./texts";

const ROW_PX = 32;
const TOUCH_ROW_PX = 44;

const isTouch = () => matchMedia("(pointer: coarse)").matches;

export function Tree() {
  void version.value;
  const scroller = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState(0);
  const [height, setHeight] = useState(0);
  const [active, setActive] = useState(0);
  const rowPx = isTouch() ? TOUCH_ROW_PX : ROW_PX;
  const total = rows.total ?? 0;
  const shown = seen(total, rowPx, scroll, height);
  const at = Math.min(active, Math.max(total - 1, 0));

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => look(shown.first, shown.last), [shown.first, shown.last, version.value]);
  useEffect(() => {
    if (!rows.searching) return; // a new search is looked at from its beginning
    scroller.current?.scrollTo(0, 0);
    setActive(0);
  }, [rows.searching]);

  const go = (to: number) => {
    const index = Math.min(Math.max(to, 0), total - 1);
    const element = scroller.current;
    if (index < 0 || !element) return;
    setActive(index);
    element.scrollTop = scrollTo(index, total, rowPx, element.scrollTop, height);
    chosen.value = rowAt(index) ?? null;
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!onRowKey(event.key, rowAt(at), at, go, Math.max(Math.floor(height / rowPx) - 1, 1), total)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  const drawn = [];
  for (let index = shown.first; index < shown.last; index += 1) {
    const row = rowAt(index);
    drawn.push(
      <Line
        key={row?.key ?? index}
        index={index}
        total={total}
        row={row}
        rowPx={rowPx}
        isActive={index === at}
        onChoose={() => {
          setActive(index);
          chosen.value = row ?? null;
        }}
      />,
    );
  }
  const isEmpty = rows.total === 0 && !rows.searching;
  return (
    <div
      class="data-tree"
      role="tree"
      aria-label={DATA.tree}
      aria-busy={rows.searching}
      aria-activedescendant={total > 0 ? `node-${at}` : undefined}
      aria-description={DATA.keys}
      tabIndex={0}
      onKeyDown={onKey}
    >
      <div
        ref={scroller}
        class="data-scroller"
        role="presentation"
        onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
      >
        {isEmpty && <Empty />}
        <div role="presentation" style={{ height: `${shown.heightPx}px` }}>
          <div role="presentation" style={{ transform: `translateY(${shown.topPx}px)` }}>
            {drawn}
          </div>
        </div>
      </div>
    </div>
  );
}

function Empty() {
  const isSearched = search.value !== "" || kind.value !== "";
  return (
    <div class="data-empty">
      <p>{isSearched ? DATA.noMatch : DATA.empty}</p>
      {isSearched ? (
        <button type="button" onClick={() => searchFor("", "")}>
          {DATA.clear}
        </button>
      ) : (
        <p class="quiet">{DATA.emptyHint}</p>
      )}
    </div>
  );
}

const canOpen = (row: Row): boolean => (row.children ?? 0) > 0;

/** What a key does to the row it is on; whether it does anything. */
function onRowKey(
  key: string,
  row: Row | undefined,
  at: number,
  go: (to: number) => void,
  page: number,
  total: number,
): boolean {
  const steps: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: total - 1,
  };
  const to = steps[key];
  if (to !== undefined) go(to);
  else if (!row) return false;
  else if (key === "ArrowRight" && canOpen(row)) row.open ? go(at + 1) : toggle(row.key);
  else if (key === "ArrowLeft") row.open && canOpen(row) ? toggle(row.key) : go(parentOf(at, row));
  else if (key === "Enter") {
    chosen.value = row;
    if (canOpen(row)) toggle(row.key);
  } else if (key === " " && row.visible !== undefined) void edit(row, { visible: !row.visible });
  else if (key === "F2" && row.id) rename(row);
  else if (key === "Delete" && row.id && row.kind !== "segment") asking.value = row;
  else return false;
  return true;
}

function rename(row: Row): void {
  chosen.value = row;
  renaming.value = row.key;
}

/** The row that a row is in. */
function parentOf(at: number, row: Row): number {
  const depth = row.depth ?? 0;
  for (let index = at - 1; index >= 0; index -= 1) {
    const above = rowAt(index);
    if (!above || (above.depth ?? 0) < depth) return index;
  }
  return at;
}

interface LineProps {
  index: number;
  total: number;
  row: Row | undefined;
  rowPx: number;
  isActive: boolean;
  onChoose: () => void;
}

function Line({ index, total, row, rowPx, isActive, onChoose }: LineProps) {
  const style = { height: `${rowPx}px` };
  if (!row) return <div id={`node-${index}`} class="data-row coming" role="treeitem" style={style} />;
  const isChosen = chosen.value?.key === row.key;
  return (
    <div
      id={`node-${index}`}
      class={`data-row ${row.kind} ${isActive ? "active" : ""}`}
      role="treeitem"
      aria-level={(row.depth ?? 0) + 1}
      aria-posinset={index + 1}
      aria-setsize={total}
      aria-expanded={canOpen(row) ? row.open === true : undefined}
      aria-selected={isChosen}
      aria-label={row.detail ? `${row.name}, ${row.detail}` : row.name}
      style={{ ...style, "--depth": row.depth ?? 0 }}
      onClick={onChoose}
      onDblClick={() => row.id && rename(row)}
    >
      <Expander row={row} />
      <Icon path={ICONS[row.kind] ?? ICONS.folder ?? ""} />
      <span class="data-name" title={row.detail ? `${row.name}: ${row.detail}` : row.name}>
        {row.name}
        {row.kind === "group" && <small>{row.children}</small>}
        {row.detail && <small>{row.detail}</small>}
      </span>
      {row.transform && (
        <span class="data-badge" title={DATA.under(row.transform)}>
          T
        </span>
      )}
      {row.layers?.map((layer) => (
        <span key={layer} class="data-badge" title={LAYER_LETTERS[layer]?.label}>
          {LAYER_LETTERS[layer]?.letter}
        </span>
      ))}
      {row.color && <Color row={row} color={row.color} />}
      <Eye row={row} />
    </div>
  );
}

function Expander({ row }: { row: Row }) {
  if (!canOpen(row)) return <span class="data-expander" />;
  return (
    <button
      type="button"
      class={`data-expander ${row.open ? "open" : ""}`}
      tabIndex={-1}
      aria-label={row.open ? DATA.close(row.name) : DATA.open(row.name)}
      onClick={(event) => {
        event.stopPropagation();
        toggle(row.key);
      }}
    >
      <Icon path={ICONS.chevron ?? ""} />
    </button>
  );
}

function Color({ row, color }: { row: Row; color: string }) {
  return (
    <input
      type="color"
      class="data-color"
      tabIndex={-1}
      aria-label={DATA.color(row.name)}
      title={DATA.color(row.name)}
      value={color.toLowerCase()}
      onClick={(event) => event.stopPropagation()}
      onInput={(event) => void edit(row, { color: event.currentTarget.value.toUpperCase() })}
    />
  );
}

function Eye({ row }: { row: Row }) {
  if (row.kind === "group") return <GroupEyes row={row} />;
  if (row.visible === undefined) return <span class="data-eye" />;
  const label = row.visible ? DATA.hide(row.name) : DATA.show(row.name);
  return (
    <button
      type="button"
      class={`data-eye ${row.visible ? "on" : ""}`}
      tabIndex={-1}
      aria-pressed={row.visible}
      aria-label={label}
      title={label}
      onClick={(event) => {
        event.stopPropagation();
        void edit(row, { visible: !row.visible });
      }}
    >
      <Icon path={(row.visible ? ICONS.eye : ICONS.eyeOff) ?? ""} />
    </button>
  );
}

const SHOWN_TOGETHER = ["segmentation", "model", "markups"] as const;

function GroupEyes({ row }: { row: Row }) {
  const of = SHOWN_TOGETHER.find((one) => row.key === `kind:${one}`);
  if (!of) return null;
  return (
    <>
      {[true, false].map((visible) => {
        const label = visible ? DATA.showAll(row.name) : DATA.hideAll(row.name);
        return (
          <button
            key={label}
            type="button"
            class="data-eye"
            tabIndex={-1}
            aria-label={label}
            title={label}
            onClick={(event) => {
              event.stopPropagation();
              void showAll(of, visible);
            }}
          >
            <Icon path={(visible ? ICONS.eye : ICONS.eyeOff) ?? ""} />
          </button>
        );
      })}
    </>
  );
}
