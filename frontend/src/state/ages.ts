/** The last two seconds of a view's pictures: how many, how old, how large. */
export class Ages {
  private readonly pictures: { at: number; age: number | null; bytes: number }[] = [];

  add(age: number | null, bytes: number, now = performance.now()): void {
    this.pictures.push({ at: now, age, bytes });
    this.forget(now);
  }

  summary(now = performance.now()): {
    perSecond: number;
    median: number | null;
    p95: number | null;
    kBps: number;
  } {
    this.forget(now);
    const known = this.pictures.flatMap((p) => (p.age === null ? [] : [p.age])).sort((a, b) => a - b);
    const at = (share: number) => known[Math.min(known.length - 1, Math.floor(known.length * share))] ?? null;
    const bytes = this.pictures.reduce((sum, p) => sum + p.bytes, 0);
    return { perSecond: this.pictures.length / 2, median: at(0.5), p95: at(0.95), kBps: bytes / 2000 };
  }

  private forget(now: number): void {
    while (this.pictures[0] && now - this.pictures[0].at > 2000) this.pictures.shift();
  }
}
