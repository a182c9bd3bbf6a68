/** Requests to our own server, whose refusals become errors with the server's words. */
import { here } from "../place";

export class Refusal extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** What an answer says went wrong, in the shape of our API or of DICOMweb. */
export function messageOf(text: string): string | undefined {
  try {
    const body = JSON.parse(text);
    return body?.error?.message ?? body?.message;
  } catch {
    return undefined;
  }
}

/** Ask, and throw a `Refusal` unless all is well. */
export async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  const response = await fetch(here(path), options);
  if (response.ok) return response;
  const said = messageOf(await response.text());
  throw new Refusal(said ?? `the server answered ${response.status}`, response.status);
}

/** Ask for something to be done, with a body of JSON; the answer's JSON. */
export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  const response = await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  return response.json();
}

/** Words for whatever was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether it was thrown because somebody gave up on purpose. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
