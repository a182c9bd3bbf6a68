/** What of a markup can be taken hold of in a view, and what becomes of the markup when that is moved. */
import type { MarkupPatch, MarkupState, Vector3, ViewState } from "../../net/protocol";
import type { Spot } from "../interceptors";
import { column } from "../slice";
import { about, add, cross, dot, scale, subtract } from "../vectors";
import { axesOf, frameOf, isNear, mmAt, reachOf, type Size, see } from "./lens";

export interface Handle {
  /** A control point; a box's middle; sides of it that move; what turns it; all of it. */
  kind: "point" | "middle" | "side" | "turn" | "body";
  /** Which control point. */
  index: number;
  at: Vector3;
  /** Which way along its axes a box's side lies: -1, 0 or 1. */
  sides: Vector3;
  /** What a turn is about: through the box's middle, a unit vector, RAS. */
  axis?: Vector3;
  /** Where on the box a handle that turns it is held by. */
  stem?: Vector3;
}

const LEAST_MM = 0.1;
/** How far from a box the handles are that turn it, CSS pixels. */
const TURN_PX = 26;
const NONE: Vector3 = [0, 0, 0];

type Axes = [Vector3, Vector3, Vector3];
const axesIn = (frame: number[]): Axes => [column(frame, 0), column(frame, 1), column(frame, 2)];
const middleOf = (frame: number[]): Vector3 => column(frame, 3);

/** Everything to take hold of but whole outlines. `size`: of the view in device pixels. */
export function handlesOf(markup: MarkupState, state: ViewState, size: Size): Handle[] {
  if (markup.frame && markup.size) return boxHandles(markup.frame, markup.size, state, size);
  return (markup.points ?? []).map((at, index) => ({ kind: "point", index, at, sides: NONE }));
}

function boxHandles(frame: number[], lengths: number[], state: ViewState, size: Size): Handle[] {
  const axes = axesIn(frame);
  const half = [0, 1, 2].map((n) => (lengths[n] ?? 0) / 2) as Vector3;
  if (state.kind === "slice") return cutHandles(axes, half, middleOf(frame), state, size);
  const at = (sides: Vector3) =>
    sides.reduce((sum, side, n) => along(sum, axes, n, side * (half[n] ?? 0)), middleOf(frame));
  const sides = [0, 1, 2].flatMap((n) => (half[n] ? [unitSide(n, -1), unitSide(n, 1)] : []));
  return [
    { kind: "middle", index: -1, at: middleOf(frame), sides: NONE },
    ...sides.map((side): Handle => ({ kind: "side", index: -1, at: at(side), sides: side })),
    ...[0, 1, 2].map((n) => turnAbout(n, axes, half, middleOf(frame), state, size)),
  ];
}

/** What turns a box about one of its axes in a 3D view: off the middle of an edge along it, of those that are seen. */
function turnAbout(
  n: number,
  axes: Axes,
  half: Vector3,
  middle: Vector3,
  state: ViewState,
  size: Size,
): Handle {
  const [u, v] = [0, 1, 2].filter((other) => other !== n) as [number, number];
  const off = (TURN_PX * devicePixelRatio * mmAt(state, size, middle)) / Math.SQRT2;
  const all = EDGES.map(([su, sv]): Handle => {
    const place = (by: number) =>
      along(along(middle, axes, u, su * ((half[u] ?? 0) + by)), axes, v, sv * ((half[v] ?? 0) + by));
    return { kind: "turn", index: n, at: place(off), sides: NONE, axis: axes[n] as Vector3, stem: place(0) };
  });
  return all.find(({ at }) => isSeen(at, state, size)) ?? (all[0] as Handle);
}

const EDGES = [
  [1, 1],
  [1, -1],
  [-1, 1],
  [-1, -1],
] as const;

function isSeen(at: Vector3, state: ViewState, size: Size): boolean {
  const seen = see(state, size, at);
  const edge = (n: number) => (8 * devicePixelRatio) / size[n as 0 | 1];
  return seen !== null && Math.min(seen.x, 1 - seen.x) > edge(0) && Math.min(seen.y, 1 - seen.y) > edge(1);
}

/** Of the rectangle in which a slice cuts a box; nothing where it does not. */
function cutHandles(
  axes: Axes,
  half: Vector3,
  middle: Vector3,
  state: ViewState & { kind: "slice" },
  size: Size,
): Handle[] {
  const normal = axesOf(state)[2];
  const across = axes.map((axis) => Math.abs(dot(axis, normal)));
  const k = across.indexOf(Math.max(...across));
  const [u, v] = [0, 1, 2].filter((n) => n !== k) as [number, number];
  const awayOf = (from: Vector3) =>
    dot(normal, subtract(state.origin, from)) / dot(axes[k] as Vector3, normal);
  if (Math.abs(awayOf(middle)) > Math.max(half[k] ?? 0, reachOf(state))) return [];
  /** Along the box into the plane, as far as the box goes: of one that is turned, sides lie before and behind its middle. */
  const cut = (from: Vector3) =>
    along(from, axes, k, Math.max(-(half[k] ?? 0), Math.min(half[k] ?? 0, awayOf(from))));
  const base = cut(middle);
  const found: Handle[] = [{ kind: "middle", index: -1, at: base, sides: NONE }];
  for (const su of [-1, 0, 1])
    for (const sv of [-1, 0, 1]) {
      if ((su && !half[u]) || (sv && !half[v]) || (!su && !sv)) continue;
      const sides: Vector3 = [0, 0, 0];
      sides[u] = su;
      sides[v] = sv;
      const at = along(along(middle, axes, u, su * (half[u] ?? 0)), axes, v, sv * (half[v] ?? 0));
      found.push({ kind: "side", index: -1, at: cut(at), sides });
    }
  found.push(turnInPlane(axes, half, base, u, v, state, size));
  return found;
}

/** What turns a box in a slice's plane: off a side, or within where all sides are out of the view. */
function turnInPlane(
  axes: Axes,
  half: Vector3,
  base: Vector3,
  u: number,
  v: number,
  state: ViewState & { kind: "slice" },
  size: Size,
): Handle {
  const off = TURN_PX * devicePixelRatio * mmAt(state, size, base);
  const normal = axesOf(state)[2];
  const flat = (at: Vector3) => add(at, scale(normal, dot(normal, subtract(base, at)))); // a lever, wherever the side is
  const place = (n: number, sign: number, by: number): Handle => {
    const side = along(base, axes, n, sign * (half[n] ?? 0));
    const at = flat(along(side, axes, n, sign * by));
    return { kind: "turn", index: -1, at, sides: NONE, axis: normal, stem: flat(side) };
  };
  const all = [place(v, 1, off), place(v, -1, off), place(u, 1, off), place(u, -1, off)];
  return (
    all.find(({ at }) => isSeen(at, state, size)) ??
    place(v, 1, Math.min(3 * off, (half[v] ?? 0) / 2) - (half[v] ?? 0))
  );
}

const along = (from: Vector3, axes: Axes, n: number, by: number): Vector3 =>
  add(from, scale(axes[n] as Vector3, by));

function unitSide(axis: number, sign: number): Vector3 {
  const side: Vector3 = [0, 0, 0];
  side[axis] = sign;
  return side;
}

/** What becomes of a markup when a handle of it is moved `by` mm from where it was then. */
export function dragged(markup: MarkupState, handle: Handle, by: Vector3): MarkupPatch {
  const { frame, size, points } = markup;
  if (frame && size) {
    const axes = axesIn(frame);
    if (handle.kind === "turn" && handle.axis)
      return turnedBy(frame, handle.axis, angleTo(handle.at, by, middleOf(frame), handle.axis));
    if (handle.kind !== "side") return { frame: frameOf(axes, add(middleOf(frame), by)) };
    const wanted = [...size];
    let middle = middleOf(frame);
    handle.sides.forEach((side, n) => {
      if (!side) return;
      const before = size[n] ?? 0;
      const after = Math.max(LEAST_MM, before + side * dot(by, axes[n] as Vector3));
      wanted[n] = after;
      middle = along(middle, axes, n, (side * (after - before)) / 2);
    });
    return { frame: frameOf(axes, middle), size: wanted };
  }
  if (handle.kind === "point")
    return { index: handle.index, position: add(points?.[handle.index] ?? handle.at, by) };
  return { points: (points ?? []).map((point) => add(point, by)) };
}

/** A box's frame turned about its middle by radians, counterclockwise for who looks against the axis. */
export function turnedBy(frame: number[], axis: Vector3, angle: number): MarkupPatch {
  const axes = axesIn(frame).map((one) => about(one, axis, angle)) as Axes;
  return { frame: frameOf(axes, middleOf(frame)) };
}

/** By how much a point goes around an axis through `middle` when it is moved `by` mm, radians. */
function angleTo(at: Vector3, by: Vector3, middle: Vector3, axis: Vector3): number {
  const flat = (v: Vector3) => subtract(v, scale(axis, dot(v, axis)));
  const [from, to] = [flat(subtract(at, middle)), flat(subtract(add(at, by), middle))];
  return Math.atan2(dot(axis, cross(from, to)), dot(from, to));
}

/** Lines of a markup as they are seen, for taking hold of all of it: pairs of spots. */
export function outline(markup: MarkupState, state: ViewState, size: Size): [Spot, Spot][] {
  if (markup.kind === "points") return [];
  const corners = markup.frame
    ? boxHandles(markup.frame, markup.size ?? [], state, size).filter(
        ({ sides }) => sides.filter(Boolean).length === 2,
      )
    : handlesOf(markup, state, size);
  const order = markup.frame
    ? [0, 1, 3, 2].map((n) => corners[n]).filter((corner) => corner !== undefined)
    : corners;
  const seen = order.map(({ at }) => see(state, size, at));
  const isClosed = markup.kind === "closedCurve" || (markup.frame !== null && seen.length === 4);
  const pairs: [Spot, Spot][] = [];
  for (let n = isClosed ? 0 : 1; n < seen.length; n++) {
    const [a, b] = [seen[(n + seen.length - 1) % seen.length], seen[n]];
    if (a && b && isNear(state, a) && isNear(state, b)) pairs.push([a, b]);
  }
  return pairs;
}

export interface Hit {
  id: string;
  handle: Handle;
}

/** What lies under a spot within so many pixels: control points before outlines, the chosen markup before the others. */
export function hit(
  markups: Iterable<MarkupState>,
  state: ViewState,
  size: Size,
  spot: Spot,
  radius: number,
  chosen = "",
): Hit | null {
  let best: { hit: Hit; distance: number } | null = null;
  const offer = (found: Hit, distance: number, within: number) => {
    const ranked = distance - (found.id === chosen ? radius / 2 : 0);
    if (distance <= within && (!best || ranked < best.distance)) best = { hit: found, distance: ranked };
  };
  for (const markup of markups) {
    if (!markup.visible || markup.locked || (!markup.points && !markup.frame)) continue;
    for (const handle of handlesOf(markup, state, size)) {
      if (handle.kind === "turn" && markup.id !== chosen) continue; // they are not shown of others
      const seen = see(state, size, handle.at);
      if (seen && isNear(state, seen)) offer({ id: markup.id, handle }, apart(seen, spot, size), radius);
    }
    for (const [a, b] of outline(markup, state, size)) {
      const handle: Handle = { kind: "body", index: -1, at: NONE, sides: NONE };
      offer({ id: markup.id, handle }, fromLine(a, b, spot, size) + radius * 0.4, radius);
    }
  }
  return (best as { hit: Hit } | null)?.hit ?? null;
}

/** Pixels between two spots. */
export function apart(a: Spot, b: Spot, size: Size): number {
  return Math.hypot((a.x - b.x) * size[0], (a.y - b.y) * size[1]);
}

function fromLine(a: Spot, b: Spot, spot: Spot, size: Size): number {
  const [dx, dy] = [(b.x - a.x) * size[0], (b.y - a.y) * size[1]];
  const [px, py] = [(spot.x - a.x) * size[0], (spot.y - a.y) * size[1]];
  const part = Math.min(1, Math.max(0, (px * dx + py * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(px - part * dx, py - part * dy);
}
