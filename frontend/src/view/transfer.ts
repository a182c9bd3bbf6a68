/** Points of a transfer function: a value, and what there is at it. Always by rising values. Knows nothing of frameworks. */

export type Points<T> = [number, T][];
type Range = [number, number];

/** Points keep this part of the range from each other. */
const APART = 1e-3;
const MOST = 256;

/** How high an opacity is drawn, 0 to 1: small ones, of which looks have many, get more room. */
export const heightOf = (opacity: number): number => Math.sqrt(Math.min(Math.max(opacity, 0), 1));
export const opacityOf = (height: number): number => Math.min(Math.max(height, 0), 1) ** 2;

/** Where a value is drawn, 0 to 1; what is beyond the range at its ends. */
export function placeOf(value: number, [low, high]: Range): number {
  return Math.min(Math.max((value - low) / (high - low || 1), 0), 1);
}

/** A point at another value, between its neighbours and within the range, with another `what`. */
export function put<T>(points: Points<T>, index: number, value: number, what: T, range: Range): Points<T> {
  const point = points[index];
  if (!point) return points;
  const apart = (range[1] - range[0]) * APART;
  const least = Math.max(range[0], (points[index - 1]?.[0] ?? Number.NEGATIVE_INFINITY) + apart);
  const most = Math.min(range[1], (points[index + 1]?.[0] ?? Number.POSITIVE_INFINITY) - apart);
  const isOwn = value === point[0]; // one beyond the range stays there while it is not moved
  const at = isOwn || least > most ? point[0] : Math.min(Math.max(value, least), most);
  return points.map((one, n) => (n === index ? [at, what] : one));
}

/** One more point; null where there is one already, or no more may be. */
export function added<T>(
  points: Points<T>,
  value: number,
  what: T,
  range: Range,
): { points: Points<T>; index: number } | null {
  const apart = (range[1] - range[0]) * APART;
  if (points.length >= MOST || points.some(([at]) => Math.abs(at - value) < apart)) return null;
  const index = points.filter(([at]) => at < value).length;
  return { points: [...points.slice(0, index), [value, what], ...points.slice(index)], index };
}

/** Without a point; the last one stays. */
export function removed<T>(points: Points<T>, index: number): Points<T> {
  return points.length > 1 ? points.filter((_point, n) => n !== index) : points;
}

/** Adding and removing points, and choosing the one that is gone on with. */
export function editsOf<T>(
  points: Points<T>,
  range: Range,
  onChange: (points: Points<T>) => void,
  onChoose: (index: number) => void,
) {
  return {
    add(value: number, what: T): void {
      const found = added(points, value, what, range);
      if (!found) return;
      onChange(found.points);
      onChoose(found.index);
    },
    remove(index: number): void {
      onChange(removed(points, index));
      onChoose(Math.max(index - 1, 0));
    },
  };
}

/** A value for a new point: midway from one to the next that is seen, or to the one before. */
export function between<T>(points: Points<T>, index: number, range: Range): number {
  const seen = (n: number) => {
    const value = points[n]?.[0];
    return value === undefined ? undefined : Math.min(Math.max(value, range[0]), range[1]);
  };
  const here = seen(index) ?? range[0];
  const after = seen(index + 1) ?? range[1];
  return after > here ? (here + after) / 2 : ((seen(index - 1) ?? range[0]) + here) / 2;
}

/** What lies at a value between points, as `mix` has it of two of them. */
function at<T>(points: Points<T>, value: number, mix: (a: T, b: T, part: number) => T): T | null {
  const next = points.findIndex(([one]) => one >= value);
  const [after, before] = [points[next], points[next - 1]];
  if (!after) return points.at(-1)?.[1] ?? null;
  return before ? mix(before[1], after[1], (value - before[0]) / (after[0] - before[0])) : after[1];
}

export function opacityAt(points: Points<number>, value: number): number {
  return at(points, value, (a, b, part) => a + (b - a) * part) ?? 0;
}

export function colorAt(points: Points<string>, value: number): string {
  const part = (hex: string, n: number) => Number.parseInt(hex.slice(1 + 2 * n, 3 + 2 * n), 16);
  const mixed = (a: string, b: string, share: number) =>
    `#${[0, 1, 2]
      .map((n) => Math.round(part(a, n) + (part(b, n) - part(a, n)) * share))
      .map((n) => n.toString(16).padStart(2, "0"))
      .join("")}`;
  return at(points, value, mixed) ?? "#ffffff";
}

/** The outline of an opacity curve as it is drawn in a box of 1 by 1 from the top left: bent, for heights are roots. */
export function curve(points: Points<number>, range: Range, steps = 128): string {
  const values = [
    ...Array.from({ length: steps + 1 }, (_, n) => range[0] + ((range[1] - range[0]) * n) / steps),
    ...points.map(([value]) => value).filter((value) => value > range[0] && value < range[1]),
  ].sort((a, b) => a - b);
  const drawn = values.map((value) => {
    const [x, y] = [placeOf(value, range), 1 - heightOf(opacityAt(points, value))];
    return `${x.toFixed(4)} ${y.toFixed(4)}`;
  });
  return `M${drawn.join("L")}`;
}

/** Counts as an outline in a box of 1 by 1, by their logarithms: in most volumes air would be all that is seen. */
export function skyline(counts: number[]): string {
  const most = Math.log1p(Math.max(...counts, 1));
  const drawn = counts.map((count, n) => {
    const y = (1 - Math.log1p(count) / most).toFixed(3);
    return `L${(n / counts.length).toFixed(4)} ${y}L${((n + 1) / counts.length).toFixed(4)} ${y}`;
  });
  return `M0 1${drawn.join("")}L1 1Z`;
}
