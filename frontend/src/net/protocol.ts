/** The frame stream's messages and its binary header (docs/stream.md). Lengths are RAS mm, sizes device pixels. */

export type Vector3 = [number, number, number];

export interface SliceState {
  kind: "slice";
  color: string;
  orientation: string;
  offset: number;
  offset_range: [number, number] | null;
  offset_step: number;
  slice_to_ras: number[];
  origin: Vector3;
  fov: [number, number];
  window: number | null;
  level: number | null;
  scalar_range: [number, number] | null;
  /** Spacing of the background's voxels along the picture's right and up, mm. */
  voxel_mm: [number, number] | null;
  background: Background | null;
  foreground: { id: string; name: string } | null;
  foreground_opacity: number;
  /** A label map over the other two. */
  label: { id: string; name: string } | null;
  label_opacity: number;
  edges: { left: string; right: string; top: string; bottom: string };
  slab: { mode: "off" | "mip" | "minip" | "mean" | "sum"; thickness: number };
  linked: boolean;
  /** Where the crosshair is, RAS mm: one for all slice views. */
  crosshair: Vector3;
}

/** A volume, with what DICOM says of it where it comes from there. */
export interface Background {
  id: string;
  name: string;
  patient?: string;
  patient_id?: string;
  study?: string;
  series?: string;
  modality?: string;
  /** YYYYMMDD */
  date?: string;
}

/** How 3D views draw a volume. */
export interface Rendering {
  name: string;
  visible: boolean;
  /** "" where a script has set the look. */
  preset: string;
  presets: string[];
  /** How far the look is moved along the values, in their unit. */
  shift: number;
  /** Least and greatest value. */
  range: [number, number];
  /** What the look's opacity is multiplied with. */
  opacity: number;
  shade: boolean;
  crop: { on: boolean; bounds: Bounds };
  bounds: Bounds;
  /** Values and opacities there, 0 to 1; null where there are too many to be told. */
  opacity_points: [number, number][] | null;
  /** Values and colours there, #rrggbb. */
  color_points: [number, string][] | null;
  /** What opacity is multiplied with, 0 to 1, by how much values change from one voxel to the next. */
  gradient_points: [number, number][] | null;
}

/** rmin, rmax, amin, amax, smin, smax: RAS mm. */
export type Bounds = [number, number, number, number, number, number];

export interface CameraState {
  position: Vector3;
  focal_point: Vector3;
  view_up: Vector3;
  view_angle: number;
}

export interface ThreeDState {
  kind: "threeD";
  camera: CameraState;
  bounds: number[] | null;
  /** Bottom and top, #rrggbb. */
  background_colors: [string, string];
  box: boolean;
  axis_labels: boolean;
  parallel: boolean;
  quality: "adaptive" | "normal" | "maximum";
  technique: "composite" | "mip";
  /** By the volumes' ids. */
  rendering: Record<string, Rendering>;
}

/** What a client may do: everything, point at things, or only look (docs/stream.md, "Several people"). */
export type Role = "steer" | "point" | "watch";

export interface Member {
  id: string;
  name: string;
  role: Role;
}

/** The camera that all look through, or one's own (docs/stream.md, "Own cameras"). */
export type CameraKind = "shared" | "own";

export type ViewState = SliceState | ThreeDState;
export type Patch = Record<string, unknown>;

export type MarkupKind = "points" | "line" | "angle" | "curve" | "closedCurve" | "plane" | "roi";

/** A markup of the scene; points in world RAS mm, null where there are more than are told. */
export interface MarkupState {
  id: string;
  name: string;
  kind: MarkupKind;
  count: number;
  points: Vector3[] | null;
  labels: string[] | null;
  /** #rrggbb */
  color: string;
  opacity: number;
  visible: boolean;
  locked: boolean;
  /** In mm, mm2, mm3 or deg. */
  measurements: { name: string; value: number; units: string }[];
  /** Of planes and ROIs: object to RAS, row by row, its origin the centre; whole lengths along its axes, mm. */
  frame: number[] | null;
  size: number[] | null;
  /** A volume rendering shows only what lies within this ROI. */
  crops: boolean;
}

/** New values of a markup; absent ones stay. */
export interface MarkupPatch {
  name?: string;
  points?: Vector3[];
  index?: number;
  position?: Vector3;
  label?: string;
  remove?: number;
  frame?: number[];
  size?: number[];
  color?: string;
  opacity?: number;
  visible?: boolean;
  locked?: boolean;
}

/** Where the tracked tool is: RAS mm and (w, x, y, z); what is absent stays. */
export interface Pose {
  position?: Vector3;
  quaternion?: [number, number, number, number];
}

export interface SceneInfo {
  status: "starting" | "loading" | "ready" | "restarting" | "failed";
  views: string[];
  /** `labels`: a label map, which may be the label layer. */
  volumes: { id: string; name: string; labels?: boolean }[];
  layout: string;
  composition: LayoutPart;
  contents: "viewers" | "full";
  /** Whether crosshair and slices go with the tracked tool. */
  follow_tool: boolean;
  /** Another number whenever segmentations may have changed. */
  segments: number;
  /** What failed to load while nobody waited for it, as at the server's start. */
  load_faults: LoadFault[];
  gl: string | null;
}

/** A load that failed: a file name or address, and the reason. */
export interface LoadFault {
  id: string;
  what: string;
  why: string;
}

/** A view's place in a layout, or several places beside each other. */
export interface LayoutPart {
  split?: "rows" | "columns" | "tabs";
  parts?: LayoutPart[];
  share?: number;
  view?: string;
  kind?: "slice" | "threeD" | "table" | "plot" | "other";
  label?: string;
  color?: string;
}

export interface PictureHeader {
  kind: number;
  stream: number;
  seq: number;
  rev: number;
  n: number;
  codec: number;
  flags: number;
  quality: number;
  width: number;
  height: number;
  fillWidth: number;
  fillHeight: number;
  /** x, y, width, height in coded pixels of a tile; zeros for a whole picture. */
  tile: [number, number, number, number];
  time: number;
  waitUs: number;
  renderUs: number;
  encodeUs: number;
  payload: Uint8Array<ArrayBuffer>;
}

export const HEADER_BYTES = 64;
export const WHOLE = 1;
export const TILE = 2;
export const VIDEO = 3;
export const UNCHANGED = 5;
export const KEY = 1;
export const STILL = 2;
export const LOSSLESS = 4;
export const COARSE = 16;

/** Read a binary message; throws where anything does not add up. The payload is a view on the message, not a copy. */
export function parsePicture(message: ArrayBuffer): PictureHeader {
  if (message.byteLength < HEADER_BYTES) throw new RangeError("shorter than its header");
  const view = new DataView(message);
  const headerBytes = view.getUint16(2, true);
  const length = view.getUint32(60, true);
  if (view.getUint8(0) !== 1) throw new RangeError("unknown format version");
  if (headerBytes < HEADER_BYTES || headerBytes + length !== message.byteLength) {
    throw new RangeError("lengths do not add up");
  }
  return {
    kind: view.getUint8(1),
    stream: view.getUint32(4, true),
    seq: view.getUint32(8, true),
    rev: view.getUint32(12, true),
    n: view.getUint32(16, true),
    codec: view.getUint8(20),
    flags: view.getUint8(21),
    quality: view.getUint16(22, true),
    width: view.getUint16(24, true),
    height: view.getUint16(26, true),
    fillWidth: view.getUint16(28, true),
    fillHeight: view.getUint16(30, true),
    tile: [
      view.getUint16(32, true),
      view.getUint16(34, true),
      view.getUint16(36, true),
      view.getUint16(38, true),
    ],
    time: view.getFloat64(40, true),
    waitUs: view.getUint32(48, true),
    renderUs: view.getUint32(52, true),
    encodeUs: view.getUint32(56, true),
    payload: new Uint8Array(message, headerBytes, length),
  };
}
