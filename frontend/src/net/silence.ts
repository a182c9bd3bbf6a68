/**
 * What silence on a connection means: nothing, a reason to probe, that what is shown may be old, or that the connection is dead though nobody has
 * said so. Pure rules on times in ms: no socket and no clock inside.
 */

/** Silence after a question that is told to the user. */
const STALE_MS = 2000;
/** Silence after which one asks. */
const PROBE_MS = 2000;
/** Silence after a probe, or after the beginning, that ends the connection. */
const DEAD_MS = 10000;
const HEARTBEAT_MS = 20000;
/** Whoever looks so seldom has slept, and what has come meanwhile is yet to be read. */
const SLEPT_MS = 3000;

export interface Verdict {
  probe: boolean;
  stale: boolean;
  dead: boolean;
}

export class Silence {
  private heardAt = 0;
  private sentAt = 0;
  /** The server takes whoever says nothing for some times as long to be gone, however much it tells itself. */
  private heartbeatMs = HEARTBEAT_MS;
  /** When something was asked that nothing was heard since, and when a probe was sent. */
  private askedAt: number | null = null;
  private probedAt: number | null = null;
  /** When the connection was begun that has not been greeted yet. */
  private begunAt: number | null = null;
  private lookedAt: number | null = null;

  begin(now: number): void {
    this.end();
    this.begunAt = now;
  }

  /** The server has greeted: it answers probes from now on. */
  greeted(heartbeatMs: number): void {
    this.begunAt = null;
    this.heartbeatMs = heartbeatMs;
  }

  sent(now: number): void {
    this.sentAt = now;
  }

  heard(now: number): void {
    this.heardAt = now;
    this.askedAt = this.probedAt = null;
  }

  /** Something is expected from now on. */
  asked(now: number): void {
    this.askedAt ??= now;
  }

  /** The connection is no more. */
  end(): void {
    this.askedAt = this.probedAt = this.begunAt = null;
  }

  /** To be asked several times a second; a probe that it wants counts as sent. */
  look(now: number, isOpen: boolean): Verdict {
    if (this.lookedAt !== null && now - this.lookedAt > SLEPT_MS) this.woke(now);
    this.lookedAt = now;
    const since = (at: number | null) => (at === null ? 0 : now - at);
    const dead = Math.max(since(this.probedAt), since(this.begunAt)) > DEAD_MS;
    const isQuiet =
      this.probedAt === null && (now - this.heardAt > PROBE_MS || now - this.sentAt > this.heartbeatMs);
    const probe = isOpen && !dead && this.begunAt === null && isQuiet;
    if (probe) this.probedAt = now;
    const stale = !isOpen || dead || Math.max(since(this.askedAt), since(this.probedAt)) > STALE_MS;
    return { probe, stale, dead };
  }

  /** Waiting begins anew. */
  private woke(now: number): void {
    if (this.askedAt !== null) this.askedAt = now;
    if (this.probedAt !== null) this.probedAt = now;
    if (this.begunAt !== null) this.begunAt = now;
  }
}
