/** Our own API, checked by its types: `api("PATCH /api/nodes/{id}", { path: { id }, body: { visible: false } })`. */
import { prefixOf } from "../place";
import type { Operations } from "./operations";

export type OperationName = keyof Operations;
export type Answer<K extends OperationName> = Operations[K]["answer"];

type Part<K extends OperationName, Name extends string> = Operations[K] extends { [N in Name]: infer Found }
  ? { [N in Name]: Found }
  : { [N in Name]?: undefined };

/** What an operation needs: parts that it has not may be left out. */
export type Asked<K extends OperationName> = Part<K, "path"> &
  Partial<Part<K, "query">> &
  Part<K, "body"> & { signal?: AbortSignal };

/** What a server answered instead: its message, status and word for the fault. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
  ) {
    super(message);
  }
}

export type Api = <K extends OperationName>(
  operation: K,
  ...asked: Record<string, never> extends Asked<K> ? [Asked<K>?] : [Asked<K>]
) => Promise<Answer<K>>;

/** The API of the server at `base`; of the page's own without. */
export function apiOf(base: string | URL = location.href): Api {
  return async (operation, ...asked) => {
    const { path, query, body, signal } = (asked[0] ?? {}) as {
      path?: Record<string, string>;
      query?: Record<string, unknown>;
      body?: unknown;
      signal?: AbortSignal;
    };
    const [method = "GET", template = ""] = operation.split(" ");
    const place = template.replace(/\{(\w+)\}/g, (_whole, name: string) =>
      encodeURIComponent(path?.[name] ?? ""),
    );
    const url = new URL(prefixOf(new URL(base).pathname) + place, base);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
    }
    const isRaw = body instanceof Blob || body instanceof ArrayBuffer || body instanceof Uint8Array;
    const response = await fetch(url, {
      method,
      cache: "no-store",
      ...(signal && { signal }),
      ...(body !== undefined && {
        body: isRaw ? (body as BodyInit) : JSON.stringify(body),
        headers: { "Content-Type": isRaw ? "application/octet-stream" : "application/json" },
      }),
    });
    return (await taken(response)) as never;
  };
}

async function taken(response: Response): Promise<unknown> {
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  if (!response.ok) {
    const fault = isJson ? (await response.json().catch(() => null))?.error : null;
    const text = fault?.message ?? `the server answered ${response.status}`;
    throw new ApiError(text, response.status, fault?.code ?? "");
  }
  if (isJson) return response.json();
  return response.headers.get("Content-Type")?.startsWith("text/") ? response.text() : response.blob();
}
