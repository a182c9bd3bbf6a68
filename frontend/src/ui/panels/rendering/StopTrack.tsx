/** Points along the values of a volume, to be chosen, moved, added and removed by pointer and by keys. */
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import { between, editsOf, type Points, placeOf, put } from "../../../view/transfer";
import { RENDERING } from "./texts";

const MOUSE_PX = 12;
const FINGER_PX = 24;
const KEY_STEP = 0.01;

interface Props<T> {
  class: string;
  label: string;
  points: Points<T>;
  range: [number, number];
  /** Which point keys mean; -1 where those of another track are meant. */
  chosen: number;
  nameOf(index: number, point: [number, T]): string;
  /** How high a point lies, 0 to 1, where that says something. */
  heightOf?(what: T): number;
  /** What a point has at a value and a height, or what there is at that value now. */
  whatAt(value: number, height: number | null): T;
  colorOf(point: [number, T]): string;
  background?: string;
  onChoose(index: number): void;
  onChange(points: Points<T>): void;
  children?: ComponentChildren;
}

export function StopTrack<T>(props: Props<T>) {
  const { points, range, heightOf, whatAt, onChoose, onChange } = props;
  const box = useRef<HTMLDivElement>(null);
  const drag = useRef<{ index: number; x: number; y: number } | null>(null);
  const id = useId();
  const index = Math.min(props.chosen, points.length - 1);
  const placed = points.map(([value, what]) => ({
    x: placeOf(value, range),
    y: heightOf ? 1 - heightOf(what) : 0.5,
  }));

  /** Where an event is within the box, as fractions. */
  const spotOf = (event: MouseEvent) => {
    const { left, top, width, height } = (box.current as HTMLElement).getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height, width, height };
  };
  const under = (event: MouseEvent, radius: number): number => {
    const spot = spotOf(event);
    const away = placed.map(({ x, y }) =>
      Math.hypot((x - spot.x) * spot.width, heightOf ? (y - spot.y) * spot.height : 0),
    );
    const least = Math.min(...away);
    if (!(least <= radius)) return -1;
    return index >= 0 && (away[index] ?? radius) <= least + 3 ? index : away.indexOf(least); // points may lie on each other
  };
  const valueAt = (x: number) => range[0] + Math.min(Math.max(x, 0), 1) * (range[1] - range[0]);
  const move = (n: number, value: number, height: number | null) => {
    const before = points[n];
    if (!before) return;
    const what = height === null || !heightOf ? before[1] : whatAt(value, height);
    onChange(put(points, n, value, what, range));
  };
  const edits = editsOf(points, range, onChange, onChoose);
  const add = (value: number, height: number | null) => edits.add(value, whatAt(value, height));

  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const n = under(event, event.pointerType === "touch" ? FINGER_PX : MOUSE_PX);
    const point = placed[n];
    if (!point) return;
    const spot = spotOf(event);
    onChoose(n);
    drag.current = { index: n, x: point.x - spot.x, y: point.y - spot.y };
    box.current?.setPointerCapture(event.pointerId);
  };
  const onMove = (event: PointerEvent) => {
    const held = drag.current;
    if (!held) return;
    const spot = spotOf(event);
    move(held.index, valueAt(spot.x + held.x), heightOf ? 1 - (spot.y + held.y) : null);
  };
  const onUp = () => {
    drag.current = null;
  };
  const onDouble = (event: MouseEvent) => {
    const spot = spotOf(event);
    if (under(event, MOUSE_PX) < 0) add(valueAt(spot.x), heightOf ? 1 - spot.y : null);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || !onTrackKey(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onTrackKey = ({ key, altKey }: KeyboardEvent): boolean => {
    const n = Math.max(index, 0);
    const point = points[n];
    const sign = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[key];
    if (!point) return false;
    if (sign && altKey) {
      const [value, what] = point;
      const isAlong = key === "ArrowLeft" || key === "ArrowRight";
      if (isAlong) move(n, value + sign * KEY_STEP * (range[1] - range[0]), null);
      else if (heightOf) move(n, value, heightOf(what) + sign * KEY_STEP);
    } else if (sign) onChoose(Math.min(Math.max(n + sign, 0), points.length - 1));
    else if (key === "Home") onChoose(0);
    else if (key === "End") onChoose(points.length - 1);
    else if (key === "Delete" || key === "Backspace") edits.remove(n);
    else if (key === "Insert" || key === "+") add(between(points, n, range), null);
    else return false;
    return true;
  };

  return (
    <div
      ref={box}
      class={`stops ${props.class}`}
      role="listbox"
      aria-label={props.label}
      aria-description={RENDERING.transferKeys}
      aria-activedescendant={`${id}-${Math.max(index, 0)}`}
      tabIndex={0}
      style={props.background && { background: props.background }}
      onFocus={() => props.chosen < 0 && !drag.current && onChoose(0)}
      onKeyDown={onKey}
      onPointerDown={onDown}
      onPointerMove={onMove}
      onPointerUp={onUp}
      onPointerCancel={onUp}
      onLostPointerCapture={onUp}
      onDblClick={onDouble}
    >
      {props.children}
      {placed.map(({ x, y }, n) => (
        <span
          key={n}
          id={`${id}-${n}`}
          class={n === index ? "stop chosen" : "stop"}
          role="option"
          aria-selected={n === index}
          aria-label={props.nameOf(n, points[n] as [number, T])}
          style={{
            left: `${100 * x}%`,
            top: `${100 * y}%`,
            "--color": props.colorOf(points[n] as [number, T]),
          }}
        />
      ))}
    </div>
  );
}
