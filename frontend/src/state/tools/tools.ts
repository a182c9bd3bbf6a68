/** Which tool the pointer is, and what goes with it. */
import { signal } from "@preact/signals";
import type { Probed } from "../../net/markups";
import type { MarkupKind, Vector3 } from "../../net/protocol";
import { isBoolean, kept, oneOf } from "../kept";

export type DragMode = "window" | "scroll" | "pan" | "zoom";

/** What the left button or a finger does where nothing is placed or taken hold of; "" is the view's own: a mouse or pen windows, a finger scrolls. */
export const dragMode = kept<DragMode | "">("drag", "", oneOf("", "window", "scroll", "pan", "zoom"));
/** The kind of markup that clicks place now, null where they place none. */
export const placing = signal<MarkupKind | null>(null);
/** Go on placing after one is finished. */
export const goesOn = kept("placing.goesOn", false, isBoolean);
/** How deep an ROI is that is drawn in a slice. */
export const roiDepth = kept<"slice" | "cube">("roi.depth", "slice", oneOf("slice", "cube"));
/** Show what lies under the pointer. */
export const isProbing = kept("probe", false, isBoolean);
export const probed = signal<{ view: string; x: number; y: number; found: Probed } | null>(null);

/** What is being placed, as this page has it: drawn here before the server has it. */
export interface Draft {
  view: string;
  kind: MarkupKind;
  points: Vector3[];
  frame: number[] | null;
  size: number[] | null;
}
export const draft = signal<Draft | null>(null);
/** Where keys place, fractions of a view. */
export const cursor = signal<{ view: string; x: number; y: number } | null>(null);
/** What the pointer is over. */
export const hovered = signal<{ view: string; id: string; index: number } | null>(null);

/** The markup that is being dragged. */
export const dragging = signal<string | null>(null);

/** Choose a tool, or put it away where it is the one. */
export function choose(kind: MarkupKind | null): void {
  placing.value = placing.value === kind ? null : kind;
}
