/** Segmentations on the server: `/api/segmentations`. Lengths are RAS mm, colours 0 to 1. */
import type { Answer } from "./api/ask";
import { ask } from "./archive/ask";
import { askApi } from "./ask";
import type { Vector3 } from "./protocol";

export type Segmentation = Answer<"GET /api/segmentations/{id}">;
export type Segment = Segmentation["segments"][number];
export type Rgb = Segment["color"];
/** `views`: revisions of the slice views from which on their pictures show it. */
export type Edited = Required<Answer<"POST /api/segmentations/{id}/strokes">>;
export type Measured = Required<Answer<"GET /api/segmentations/{id}/statistics">["segments"][string]>;
export type Range = [number, number];
export type Overwrite = "all" | "visible" | "none";

export interface StrokePart {
  segment: string;
  points: Vector3[];
  radius: number;
  normal?: Vector3;
  erase?: boolean;
  overwrite?: Overwrite;
  range?: Range;
  /** Parts with the same word are one stroke. */
  stroke: string;
}

export type Effect =
  | { type: "threshold"; range: Range; add?: boolean }
  | {
      type: "islands";
      operation: "keep_largest" | "keep_at" | "remove_at" | "remove_small" | "split";
      point?: Vector3;
      smallest?: number;
    }
  | { type: "smooth"; method: "median" | "opening" | "closing" | "gaussian"; size: number }
  | { type: "margin"; size: number }
  | { type: "grow" }
  | { type: "fill_between" }
  | {
      type: "logical";
      operation: "copy" | "add" | "subtract" | "intersect" | "invert" | "clear" | "fill";
      other?: string;
    };

const base = "/api/segmentations";
const of = (id: string) => `${base}/${encodeURIComponent(id)}`;

export const listSegmentations = async (): Promise<Segmentation[]> =>
  (await askApi<{ segmentations: Segmentation[] }>("GET", base)).segmentations;

export const makeSegmentation = (volume: string): Promise<Segmentation> =>
  askApi("POST", base, volume ? { volume } : {});
export const changeSegmentation = (id: string, values: Partial<Segmentation>): Promise<Segmentation> =>
  askApi("PATCH", of(id), values);
export const addSegment = (id: string): Promise<Segment> => askApi("POST", `${of(id)}/segments`, {});
export const changeSegment = (id: string, segment: string, values: Partial<Segment>): Promise<Segment> =>
  askApi("PATCH", `${of(id)}/segments/${encodeURIComponent(segment)}`, values);
export const removeSegment = (id: string, segment: string): Promise<null> =>
  askApi("DELETE", `${of(id)}/segments/${encodeURIComponent(segment)}`);

export const paint = (id: string, part: StrokePart): Promise<Edited> =>
  askApi("POST", `${of(id)}/strokes`, part);

export const applyEffect = (
  id: string,
  body: { segment: string; effect: Effect; overwrite: Overwrite; range?: Range },
): Promise<Edited> => askApi("POST", `${of(id)}/effects`, body);

export const cancelEffect = (id: string): Promise<unknown> => askApi("DELETE", `${of(id)}/effects`);

export const measure = async (id: string): Promise<Record<string, Measured>> =>
  (await askApi<{ segments: Record<string, Measured> }>("GET", `${of(id)}/statistics`)).segments;

export const dicomOf = async (id: string): Promise<Blob> => (await ask(`${of(id)}/dicom`)).blob();

export const archive = (id: string): Promise<{ study: string; series: string }> =>
  askApi("POST", `${of(id)}/dicom`);
