/** Requests about markups, places and the history of edits. */
import { ask, post } from "./archive/ask";
import type { MarkupKind, MarkupPatch, MarkupState, Vector3 } from "./protocol";

export interface Probed {
  position: Vector3;
  layers: {
    layer: string;
    id: string;
    name: string;
    ijk: [number, number, number] | null;
    value: number | number[] | null;
    units: string;
    label: string;
  }[];
  segments: { segmentation: string; id: string; name: string; color: string }[];
}

export interface Statistics {
  markup: string;
  volume: string;
  name: string;
  units: string;
  count: number;
  mean: number | null;
  sd: number | null;
  minimum: number | null;
  maximum: number | null;
  area_mm2: number | null;
  volume_mm3: number | null;
}

const at = (id: string) => `/api/markups/${encodeURIComponent(id)}`;

export function makeMarkup(kind: MarkupKind, patch: MarkupPatch, gesture: string): Promise<MarkupState> {
  return post("/api/markups", { kind, ...patch, gesture });
}

export async function changeMarkup(id: string, patch: MarkupPatch, gesture = ""): Promise<MarkupState> {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ ...patch, gesture });
  return (await ask(at(id), { method: "PUT", headers, body })).json();
}

/** Remove it; with the gesture that is placing it, as if it had never been begun. */
export async function removeMarkup(id: string, gesture = ""): Promise<void> {
  await ask(`${at(id)}${gesture ? `?gesture=${encodeURIComponent(gesture)}` : ""}`, { method: "DELETE" });
}

export async function measure(id: string, volume = ""): Promise<Statistics> {
  return (await ask(`${at(id)}/statistics?${new URLSearchParams({ volume })}`)).json();
}

export async function probe(view: string, [r, a, s]: Vector3, signal?: AbortSignal): Promise<Probed> {
  const query = new URLSearchParams({ view, r: `${r}`, a: `${a}`, s: `${s}` });
  return (await ask(`/api/probe?${query}`, { signal: signal ?? null })).json();
}

/** The point that is seen at a spot of a 3D view; null where there is nothing. */
export async function pick(
  view: string,
  spot: { x: number; y: number },
  size: [number, number],
): Promise<Vector3 | null> {
  const query = new URLSearchParams({
    view,
    x: `${spot.x}`,
    y: `${spot.y}`,
    width: `${size[0]}`,
    height: `${size[1]}`,
  });
  return (await (await ask(`/api/pick?${query}`)).json()).position;
}

export async function cropBy(roi: string, on: boolean): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  await ask("/api/crop", { method: "PUT", headers, body: JSON.stringify({ roi, on }) });
}

export function step(what: "undo" | "redo"): Promise<{ text: string }> {
  return post(`/api/${what}`);
}
