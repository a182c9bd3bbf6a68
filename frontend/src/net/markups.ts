/** Requests about markups and places. */
import type { Answer } from "./api/ask";
import { askApi } from "./ask";
import type { MarkupKind, MarkupPatch, MarkupState, Vector3 } from "./protocol";

export type Probed = Answer<"GET /api/probe">;
export type Statistics = Answer<"GET /api/markups/{id}/statistics">;

const at = (id: string) => `/api/markups/${encodeURIComponent(id)}`;

export function makeMarkup(kind: MarkupKind, patch: MarkupPatch, gesture: string): Promise<MarkupState> {
  return askApi("POST", "/api/markups", { kind, ...patch, gesture });
}

export function changeMarkup(id: string, patch: MarkupPatch, gesture = ""): Promise<MarkupState> {
  return askApi("PUT", at(id), { ...patch, gesture });
}

/** Remove it; with the gesture that is placing it, as if it had never been begun. */
export async function removeMarkup(id: string, gesture = ""): Promise<void> {
  await askApi("DELETE", `${at(id)}${gesture ? `?gesture=${encodeURIComponent(gesture)}` : ""}`);
}

export function measure(id: string, volume = ""): Promise<Statistics> {
  return askApi("GET", `${at(id)}/statistics?${new URLSearchParams({ volume })}`);
}

export function probe(view: string, [r, a, s]: Vector3): Promise<Probed> {
  return askApi("GET", `/api/probe?${new URLSearchParams({ view, r: `${r}`, a: `${a}`, s: `${s}` })}`);
}

/** The point that is seen at a spot of a 3D view; null where there is nothing. */
export async function pick(
  view: string,
  spot: { x: number; y: number },
  [width, height]: [number, number],
): Promise<Vector3 | null> {
  const numbers = { x: `${spot.x}`, y: `${spot.y}`, width: `${width}`, height: `${height}` };
  const query = new URLSearchParams({ view, ...numbers });
  return (await askApi<{ position: Vector3 | null }>("GET", `/api/pick?${query}`)).position;
}

export async function cropBy(roi: string, on: boolean): Promise<void> {
  await askApi("PUT", "/api/crop", { roi, on });
}
