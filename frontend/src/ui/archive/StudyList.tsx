/** A list of any length, of which only what is seen is in the document. Keys: arrows, Page up/down, Home, End, Enter. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Study } from "../../net/archive/dicom";
import { studies, version } from "../../state/archive/browser";
import { scrollTo, seen } from "../../state/archive/window";
import { number, TEXT, titleOf } from "./texts";

const ROW_PX = 36;
const TALL_ROW_PX = 60;
const NARROW_PX = 640;

export function StudyList(props: {
  chosen: string;
  onOpen: (uid: string) => void;
  onClose: () => void;
  empty: preact.ComponentChildren;
}) {
  void version.value;
  const scroller = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState(0);
  const [box, setBox] = useState({ width: 1000, height: 0 });
  const [active, setActive] = useState(0);
  const total = studies.total ?? 0;
  const rowPx = box.width < NARROW_PX ? TALL_ROW_PX : ROW_PX;
  const shown = seen(total, rowPx, scroll, box.height);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() =>
      setBox({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => studies.need(shown.first, shown.last), [shown.first, shown.last, version.value]);
  useEffect(() => {
    // A new search is looked at from its beginning.
    if (!studies.searching) return;
    scroller.current?.scrollTo(0, 0);
    setActive(0);
  }, [studies.searching]);

  const go = (row: number) => {
    const to = Math.min(Math.max(row, 0), total - 1);
    const element = scroller.current;
    if (to < 0 || !element) return;
    setActive(to);
    element.scrollTop = scrollTo(to, total, rowPx, element.scrollTop, box.height);
  };
  const onKey = (event: KeyboardEvent) => {
    const page = Math.max(Math.floor(box.height / rowPx) - 1, 1);
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: total - 1,
    };
    const to = steps[event.key];
    const row = studies.row(active);
    if (to !== undefined) go(to);
    else if (event.key === "Enter" && row) props.onOpen(row.uid);
    else if (event.key === "Escape") props.onClose();
    else return;
    event.preventDefault();
  };

  const rows = [];
  for (let index = shown.first; index < shown.last; index += 1) {
    const study = studies.row(index);
    rows.push(
      <Row
        key={index}
        index={index}
        study={study}
        height={rowPx}
        active={index === active}
        chosen={study !== undefined && study.uid === props.chosen}
        onClick={() => {
          setActive(index);
          if (study) props.onOpen(study.uid);
        }}
      />,
    );
  }
  const isGrid = total > 0; // a grid without rows is none
  return (
    <div
      class={`list ${rowPx === TALL_ROW_PX ? "tall" : ""} ${studies.searching ? "stale" : ""}`}
      role={isGrid ? "grid" : "group"}
      aria-label="Studies"
      aria-rowcount={isGrid ? total + 1 : undefined}
      aria-busy={studies.searching}
      aria-activedescendant={total > 0 ? `study-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKey}
    >
      <div class="line head" role={isGrid ? "row" : undefined} aria-rowindex={isGrid ? 1 : undefined}>
        {COLUMNS.map(([name, label]) => (
          <span key={name} class={name} role={isGrid ? "columnheader" : undefined}>
            {label}
          </span>
        ))}
      </div>
      <div
        ref={scroller}
        class="scroller"
        role={isGrid ? "rowgroup" : undefined}
        onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
      >
        {studies.total === 0 && !studies.searching && props.empty}
        <div role="presentation" class="whole" style={{ height: `${shown.heightPx}px` }}>
          <div role="presentation" style={{ transform: `translateY(${shown.topPx}px)` }}>
            {rows}
          </div>
        </div>
      </div>
    </div>
  );
}

const COLUMNS: [string, string][] = [
  ["patient", TEXT.patient],
  ["id", TEXT.patientId],
  ["born", TEXT.born],
  ["date", TEXT.date],
  ["description", TEXT.description],
  ["modalities", TEXT.modality],
  ["contents", TEXT.contents],
  ["accession", TEXT.accession],
];

function cellsOf(study: Study): Record<string, string> {
  return {
    patient: titleOf(study),
    id: study.patientId,
    born: study.birthDate,
    date: `${study.date} ${study.time}`,
    description: study.description,
    modalities: study.modalities.join(" "),
    contents: `${number(study.series)} / ${number(study.instances)}`,
    accession: study.accession,
  };
}

function Row(props: {
  index: number;
  study: Study | undefined;
  height: number;
  active: boolean;
  chosen: boolean;
  onClick: () => void;
}) {
  const cells = props.study ? cellsOf(props.study) : null;
  return (
    <div
      id={`study-${props.index}`}
      class={`line ${props.active ? "active" : ""} ${cells ? "" : "coming"}`}
      role="row"
      aria-rowindex={props.index + 2}
      aria-selected={props.chosen}
      style={{ height: `${props.height}px` }}
      onClick={props.onClick}
    >
      {COLUMNS.map(([name]) => (
        <span key={name} class={name} role="gridcell" title={cells?.[name]}>
          {cells?.[name] ?? ""}
        </span>
      ))}
    </div>
  );
}
