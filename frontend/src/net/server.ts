/** The server panel's side of the wire: `/api/server`, and its log as Server-Sent Events read by `fetch`, which can send a token. */
import { here } from "./place";

export interface Door {
  name: string;
  title: string;
  where: string;
  available: boolean;
  on: boolean;
  why: string;
}

export interface ServerState {
  product: string;
  version: string;
  status: string;
  uptime_s: number;
  doors: Door[];
  cors: string[];
  pages: { path: string; title: string }[];
  log_entries: number;
}

export interface LogEntry {
  n: number;
  time: number;
  kind: string;
  level: string;
  method?: string;
  path?: string;
  status?: number;
  ms?: number;
  remote?: string;
  text?: string;
}

export interface LogFilter {
  level: string;
  kind: string;
  text: string;
}

/** The server wants the administrator's token, or another one. */
export class TokenNeeded extends Error {}

const RETRY_MS = 2000;

async function ask(path: string, token: string, options: RequestInit = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  const response = await fetch(here(path), { ...options, headers, cache: "no-store" });
  if (response.ok) return response;
  const message = (await response.json().catch(() => null))?.error?.message;
  const text = message ?? `the server answered ${response.status}`;
  throw response.status === 401 ? new TokenNeeded(text) : new Error(text);
}

export async function readServer(token: string): Promise<ServerState> {
  return (await ask("/api/server", token)).json();
}

export async function switchServer(change: object, token: string): Promise<ServerState> {
  const headers = { "Content-Type": "application/json" };
  const options = { method: "PATCH", headers, body: JSON.stringify(change) };
  return (await ask("/api/server", token, options)).json();
}

export async function clearLog(token: string): Promise<void> {
  await ask("/api/server/log", token, { method: "DELETE" });
}

/** One event of a Server-Sent Events stream; null for a comment. */
export function parseEvent(block: string): { id: string; event: string; data: string } | null {
  const found = { id: "", event: "message", data: "" };
  let any = false;
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") found.data += (found.data && "\n") + value;
    else if (name === "id" || name === "event") found[name] = value;
    any = true;
  }
  return any ? found : null;
}

export interface LogListener {
  entries(entries: LogEntry[]): void;
  cleared(): void;
  /** The connection is there, or why it is not. */
  live(fault: Error | null): void;
}

/** Follow the log until `signal` says stop; comes back by itself after a loss. */
export async function followLog(
  filter: LogFilter,
  token: string,
  listener: LogListener,
  signal: AbortSignal,
): Promise<void> {
  let last = "0";
  while (!signal.aborted) {
    try {
      const query = new URLSearchParams({ level: filter.level, kind: filter.kind, text: filter.text });
      const response = await ask(`/api/server/log/live?${query}`, token, {
        headers: { "Last-Event-ID": last },
        signal,
      });
      listener.live(null);
      for await (const event of eventsOf(response)) {
        last = event.id || last;
        if (event.event === "entries") listener.entries(JSON.parse(event.data));
        else if (event.event === "cleared") listener.cleared();
      }
      throw new Error("the server ended the connection");
    } catch (error) {
      if (signal.aborted) return;
      listener.live(error as Error);
      if (error instanceof TokenNeeded) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      last = "0"; // a server that was started anew counts anew; what is known already is dropped by its number
    }
  }
}

async function* eventsOf(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event) yield event;
    }
  }
}
