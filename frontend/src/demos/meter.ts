/** Times of round trips: how many, how long, how often. */

export interface Summary {
  count: number;
  perSecond: number;
  p50: number | null;
  p95: number | null;
  max: number | null;
}

/** The value that a share of all values does not exceed (nearest rank), null of nothing. */
export function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

export interface Bin {
  from: number;
  to: number;
  count: number;
}

/** Equal bins from 0 to a round number that holds 98 % of the values; what is beyond falls into the last. */
export function histogram(values: readonly number[], bins = 20): Bin[] {
  const sorted = [...values].sort((a, b) => a - b);
  const width = roundUp((percentile(sorted, 0.98) ?? bins) / bins);
  const found = Array.from({ length: bins }, (_, i) => ({ from: i * width, to: (i + 1) * width, count: 0 }));
  for (const value of values) {
    const bin = found[Math.min(bins - 1, Math.floor(value / width))];
    if (bin) bin.count += 1;
  }
  return found;
}

/** The next of …, 0.5, 1, 2, 5, 10, … */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)));
  return [1, 2, 5].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
}

const RATE_MS = 2000;

/** Collects times in milliseconds; the newest `capacity` count, `count` tells of all. */
export class Meter {
  private values: number[] = [];
  private stamps: number[] = [];
  private all = 0;

  constructor(private readonly capacity = 1000) {}

  add(ms: number, now = performance.now()): void {
    this.all += 1;
    this.values.push(ms);
    this.stamps.push(now);
    if (this.values.length > this.capacity) {
      this.values.shift();
      this.stamps.shift();
    }
  }

  clear(): void {
    this.values = [];
    this.stamps = [];
    this.all = 0;
  }

  get times(): readonly number[] {
    return this.values;
  }

  /** Since when the times that count are kept, as `performance.now()`; null of nothing. */
  get since(): number | null {
    return this.stamps[0] ?? null;
  }

  summary(now = performance.now()): Summary {
    const sorted = [...this.values].sort((a, b) => a - b);
    const recent = this.stamps.filter((at) => now - at <= RATE_MS);
    // A meter younger than its window, or one that holds less than the window's events, counts over what it has.
    const span = Math.min(RATE_MS, Math.max(now - (recent[0] ?? now), 250));
    return {
      count: this.all,
      perSecond: (recent.length * 1000) / span,
      p50: percentile(sorted, 0.5),
      p95: percentile(sorted, 0.95),
      max: sorted.at(-1) ?? null,
    };
  }
}
