/** Which rows of a long list are seen. Browsers draw elements up to some 16 million pixels high: longer lists scroll in larger steps. */

export const TALLEST_PX = 8_000_000;

export interface Seen {
  /** First row that is drawn, and the one behind the last. */
  first: number;
  last: number;
  /** Where the first row is drawn, from the top of all. */
  topPx: number;
  /** How tall all rows are together. */
  heightPx: number;
}

/** Rows to draw: those seen, and `spare` on either side. */
export function seen(
  total: number,
  rowPx: number,
  scrollPx: number,
  viewPx: number,
  spare = 8,
  tallestPx = TALLEST_PX,
): Seen {
  const wholePx = total * rowPx;
  const heightPx = Math.min(wholePx, Math.max(tallestPx, viewPx));
  const reach = Math.max(heightPx - viewPx, 0);
  const scrolled = Math.min(Math.max(scrollPx, 0), reach);
  const wholeReach = Math.max(wholePx - viewPx, 0);
  const atPx = reach > 0 ? (scrolled / reach) * wholeReach : 0;
  const first = Math.max(Math.floor(atPx / rowPx) - spare, 0);
  const last = Math.min(Math.ceil((atPx + viewPx) / rowPx) + spare, total);
  return { first, last, topPx: scrolled + first * rowPx - atPx, heightPx };
}

/** Where to scroll so that a row is seen; where it is, if it is seen already. */
export function scrollTo(
  row: number,
  total: number,
  rowPx: number,
  scrollPx: number,
  viewPx: number,
  tallestPx = TALLEST_PX,
): number {
  const wholeReach = Math.max(total * rowPx - viewPx, 0);
  const reach = Math.max(Math.min(total * rowPx, Math.max(tallestPx, viewPx)) - viewPx, 0);
  if (wholeReach === 0) return 0;
  const scale = reach / wholeReach;
  const atPx = Math.min(scrollPx / scale, wholeReach);
  const topPx = row * rowPx;
  if (topPx < atPx) return topPx * scale;
  if (topPx + rowPx > atPx + viewPx) return (topPx + rowPx - viewPx) * scale;
  return scrollPx;
}
