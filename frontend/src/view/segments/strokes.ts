/** A stroke on its way to the server: what is drawn while one part is under way makes up the next, so that any link keeps up. */

import type { Vector3 } from "../../net/protocol";
import type { Edited } from "../../net/segments";
import { length, subtract } from "../vectors";

const MOST_POINTS = 500;

export type Send = (points: Vector3[]) => Promise<Edited>;

export class StrokeSender {
  private waiting: Vector3[] = [];
  private last: Vector3 | null = null;
  private isSending = false;
  private ended = false;
  private failed = false;

  /** `sent` hears of each part as it goes, and gets what the server answered by what it returns. */
  constructor(
    private readonly send: Send,
    private readonly sent: (points: Vector3[]) => (answer: Edited | null) => void,
    private readonly onOver: (error: unknown) => void,
    /** Nearer points than this are one, mm. */
    private readonly least: number,
  ) {}

  /** The pointer has come here. */
  add(point: Vector3): void {
    const before = this.waiting.at(-1) ?? this.last;
    if (before && length(subtract(point, before)) < this.least) return;
    this.waiting.push(point);
    void this.flush();
  }

  /** Points that no part has taken yet, from where the last part ended. */
  get left(): Vector3[] {
    return this.waiting.length && this.last ? [this.last, ...this.waiting] : this.waiting;
  }

  /** The pointer has gone up. */
  end(): void {
    this.ended = true;
    if (!this.isSending && this.waiting.length === 0) this.onOver(null);
    else void this.flush();
  }

  private async flush(): Promise<void> {
    if (this.isSending || this.failed || this.waiting.length === 0) return;
    this.isSending = true;
    const points = [...(this.last ? [this.last] : []), ...this.waiting.splice(0, MOST_POINTS)];
    this.last = points.at(-1) ?? null;
    const answered = this.sent(points);
    try {
      answered(await this.send(points));
    } catch (error) {
      this.failed = true;
      this.waiting = [];
      answered(null);
      this.onOver(error);
      return;
    } finally {
      this.isSending = false;
    }
    if (this.waiting.length) void this.flush();
    else if (this.ended) this.onOver(null);
  }
}
