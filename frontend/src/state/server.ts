/** What the server panel knows, as signals. */
import { effect, signal } from "@preact/signals";
import {
  clearLog,
  followLog,
  type LogEntry,
  type LogFilter,
  readServer,
  type ServerState,
  switchServer,
  TokenNeeded,
} from "../net/server";

const TYPING_PAUSE_MS = 250;

export const server = signal<ServerState | null>(null);
export const fault = signal("");
export const needsToken = signal(false);
/** Kept for this tab only, and in memory only. */
export const token = signal("");
export const filter = signal<LogFilter>({ level: "info", kind: "", text: "" });
export const paused = signal(false);
/** Newest first. */
export const entries = signal<LogEntry[]>([]);
export const isLive = signal(false);

let faultOf = "";

/** Do it; whether it went well. What went wrong stays on the page until the same goes well, or something is switched. */
async function attempt(what: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    if (what !== "refresh" || faultOf === "refresh") fault.value = "";
    needsToken.value = false;
    return true;
  } catch (error) {
    fault.value = error instanceof Error ? error.message : String(error);
    faultOf = what;
    if (error instanceof TokenNeeded) needsToken.value = true;
    return false;
  }
}

export const refresh = () =>
  attempt("refresh", async () => {
    server.value = await readServer(token.value);
  });

/** Switch doors or CORS; what is shown is what the server says is so now. */
export const change = (wanted: object) =>
  attempt("change", async () => {
    server.value = await switchServer(wanted, token.value);
  });

export const clear = () =>
  attempt("clear", async () => {
    await clearLog(token.value);
    entries.value = [];
  });

/** Newest first, each number once, no more than the server keeps. */
export function merged(known: LogEntry[], come: LogEntry[], limit: number): LogEntry[] {
  const numbers = new Set(known.map((entry) => entry.n));
  const fresh = come.filter((entry) => !numbers.has(entry.n)).reverse();
  return [...fresh, ...known].slice(0, limit);
}

/** Follow the log with the filter of the moment; returns what ends it. */
export function follow(): () => void {
  let stop = new AbortController();
  let timer = 0;
  const end = effect(() => {
    const wanted = filter.value;
    const secret = token.value;
    const still = paused.value;
    stop.abort();
    clearTimeout(timer);
    isLive.value = false;
    if (still) return;
    stop = new AbortController();
    const { signal: stopped } = stop;
    timer = window.setTimeout(() => {
      entries.value = [];
      const listener = {
        entries: (come: LogEntry[]) => {
          entries.value = merged(entries.peek(), come, server.peek()?.log_entries ?? 1000);
        },
        cleared: () => {
          entries.value = [];
        },
        live: (error: Error | null) => {
          isLive.value = error === null;
          if (error instanceof TokenNeeded) needsToken.value = true;
        },
      };
      void followLog(wanted, secret, listener, stopped);
    }, TYPING_PAUSE_MS);
  });
  return () => {
    end();
    stop.abort();
    clearTimeout(timer);
  };
}
