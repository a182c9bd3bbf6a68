/** Asking the server for things, and what to tell when it gives none. */
import { here } from "../net/place";
import { AWAY, STATUS_TEXT } from "./page";

/** An answer that is none. `message` is for people. */
export class NoAnswer extends Error {
  constructor(
    message: string,
    readonly retryMs: number,
  ) {
    super(message);
  }
}

const RETRY_MS = 1000;

/** As `fetch` of an address in the page's session, but every answer that is not a success is a `NoAnswer` with a text for people. */
export async function ask(url: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(here(url), options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new NoAnswer(AWAY, RETRY_MS);
  }
  if (response.ok) return response;
  const wait = Number(response.headers.get("Retry-After")) * 1000;
  const retryMs = Math.min(Math.max(wait || RETRY_MS, 250), 10_000);
  if (response.status === 503) throw new NoAnswer(STATUS_TEXT.restarting ?? AWAY, retryMs);
  throw new NoAnswer(await reason(response), retryMs);
}

/** The server's own words, in either of its two shapes of errors. */
async function reason(response: Response): Promise<string> {
  try {
    const body = await response.json();
    const message = body.message ?? body.error?.message;
    if (typeof message === "string") return restarting(message) ?? message;
  } catch {
    // no JSON
  }
  return `The server answers ${response.status}.`;
}

/** Below /slicer every error is 500; the text tells whether it will pass. */
function restarting(message: string): string | null {
  return /the scene is (starting|restarting)/.test(message) ? (STATUS_TEXT.restarting ?? null) : null;
}

export interface Asked {
  bitmap: ImageBitmap;
  /** From the request to the decoded picture. */
  ms: number;
}

/**
 * Pictures asked for one after the other: one under way and one waiting, and the newest wish is the one that waits. After a
 * failure the newest wish is tried again until it is answered.
 */
export class PictureLoop {
  private busy = false;
  private waiting: string | null = null;
  private stopped = false;

  constructor(
    private readonly onPicture: (asked: Asked) => void,
    private readonly onFault: (message: string) => void,
  ) {}

  want(url: string): void {
    this.waiting = url;
    if (!this.busy) void this.next();
  }

  stop(): void {
    this.stopped = true;
    this.waiting = null;
  }

  private async next(): Promise<void> {
    const url = this.waiting;
    if (url === null || this.stopped) return;
    this.waiting = null;
    this.busy = true;
    const begun = performance.now();
    let pause = 0;
    try {
      const response = await ask(url);
      const bitmap = await createImageBitmap(await response.blob(), { premultiplyAlpha: "none" });
      if (this.stopped) bitmap.close();
      else this.onPicture({ bitmap, ms: performance.now() - begun });
    } catch (error) {
      pause = error instanceof NoAnswer ? error.retryMs : RETRY_MS;
      this.waiting ??= url;
      this.onFault(error instanceof NoAnswer ? error.message : `The picture could not be read: ${error}`);
    }
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    this.busy = false;
    void this.next();
  }
}
