/** The native API as JSON. */
import { here } from "./place";

/** Ask `/api/…`; throws with the server's message. */
export async function askApi<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(here(path), {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(answer?.error?.message ?? `the server answered ${response.status}`);
  return answer as T;
}
