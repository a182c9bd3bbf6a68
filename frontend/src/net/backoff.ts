/** Pauses between attempts to reconnect: growing from 0.25 s to 8 s, jittered so that pages do not come back at once. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(8000, 250 * 2 ** attempt);
  return full / 2 + (random() * full) / 2;
}

/** Whether a page should come back after this close code (docs/stream.md, "Losing and resuming"). */
export function shouldReconnect(code: number): boolean {
  return code !== 1008 && code !== 1002;
}
