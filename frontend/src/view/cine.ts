/** Plays a view: steps at a rate, as fast as pictures come and no faster. Knows nothing of frameworks. */

export interface Played {
  /** Go one step; resolves or returns when the next may follow. */
  step(): Promise<void> | void;
  /** Whether what the last step asked for has been drawn. */
  isDrawn(): boolean;
}

/** A picture that is later than this is not waited for any more. */
const PATIENCE_MS = 1000;

export class Cine {
  private timer = 0;
  private busy = false;
  private steppedAt = 0;

  constructor(private readonly played: Played) {}

  get isPlaying(): boolean {
    return this.timer !== 0;
  }

  /** Play at so many steps a second; a new rate while playing takes over. */
  play(perSecond: number): void {
    clearInterval(this.timer);
    this.timer = window.setInterval(() => void this.tick(), 1000 / Math.min(Math.max(perSecond, 0.2), 60));
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = 0;
  }

  private async tick(): Promise<void> {
    const waited = performance.now() - this.steppedAt;
    if (this.busy || (!this.played.isDrawn() && waited < PATIENCE_MS)) return;
    this.busy = true;
    this.steppedAt = performance.now();
    try {
      await this.played.step();
    } catch {
      this.stop(); // what was played has gone
    } finally {
      this.busy = false;
    }
  }
}

/** The offset after this one, mm: by a voxel, from the last one to the first. */
export function nextOffset(offset: number, step: number, range: [number, number], direction: 1 | -1): number {
  const first = range[0] + step / 2; // ranges reach to the voxels' outer edges
  const last = range[1] - step / 2;
  const next = offset + step * direction;
  if (next > last + step * 0.51) return first;
  if (next < first - step * 0.51) return last;
  return next;
}
