/** Requests about markups, places and the history of edits. */
import { askApi } from "./ask";
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

export function step(what: "undo" | "redo"): Promise<{ text: string }> {
  return askApi("POST", `/api/${what}`);
}
