/** Figures: pictures of views at any resolution, drawn by the server, with letters, words and a scale bar over them. */
import type { SliceState, ViewState } from "../../net/protocol";
import { lengthText, mmPerCssPixel, rulerOf } from "../../view/ruler";
import { api } from "../data/nodes";
import { arrangement, maximized, states } from "../store";

export interface Look {
  /** What is drawn over the pictures. */
  words: boolean;
  bar: boolean;
}

/** A view and its rectangle in the figure, pixels. */
export interface Part {
  view: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const GAP_PX = 2;
const TEXT_PX = 13;
const LEAST_PX = 16;
const FALLBACK_PX = 640;
const MARGIN = 0.8;

/** Where a view looks from, as the page has it: its own camera, or one that the server does not know of yet. */
export function poseOf(state: ViewState): Record<string, unknown> {
  return state.kind === "slice"
    ? { slice_to_ras: state.slice_to_ras, fov: state.fov }
    : { camera: state.camera };
}

/** A view's width and height on the page, CSS pixels. */
export function sizeOf(view: string): [number, number] {
  const box = document.querySelector(`.view-${CSS.escape(view)} .surface`)?.getBoundingClientRect();
  return box && box.width > 0 ? [box.width, box.height] : [FALLBACK_PX, FALLBACK_PX];
}

/** Views that a figure can show now. */
export function viewsNow(): string[] {
  const shown = arrangement.value.places
    .filter(({ part }) => part.kind === "slice" || part.kind === "threeD")
    .map(({ part }) => part.view ?? "");
  return shown.filter((view) => states(view).value !== null);
}

/** The parts of a figure of one view, or of all in the places they have on the page. */
export function partsOf(view: string, factor: number): { parts: Part[]; width: number; height: number } {
  const alone = view || maximized.value;
  const side = (css: number) => Math.max(LEAST_PX, Math.round(css * factor));
  if (alone) {
    const [width, height] = sizeOf(alone).map(side) as [number, number];
    return { parts: [{ view: alone, x: 0, y: 0, width, height }], width, height };
  }
  const box = document.querySelector(".views")?.getBoundingClientRect();
  const [width, height] = [side(box?.width || FALLBACK_PX), side(box?.height || FALLBACK_PX)];
  const gap = Math.round(GAP_PX * factor);
  const shown = new Set(viewsNow());
  const parts = arrangement.value.places
    .filter(({ part }) => shown.has(part.view ?? ""))
    .map(({ part, left, top, width: w, height: h }) => {
      const x = Math.round((left / 100) * width);
      const y = Math.round((top / 100) * height);
      const right = Math.round(((left + w) / 100) * width);
      const bottom = Math.round(((top + h) / 100) * height);
      const isLast = { x: left + w > 99.9, y: top + h > 99.9 };
      return {
        view: part.view ?? "",
        x,
        y,
        width: Math.max(LEAST_PX, right - x - (isLast.x ? 0 : gap)),
        height: Math.max(LEAST_PX, bottom - y - (isLast.y ? 0 : gap)),
      };
    });
  return { parts, width, height };
}

/** The server's picture of a view from a place. */
export async function pictureOf(
  view: string,
  width: number,
  height: number,
  pose: Record<string, unknown>,
  format: "png" | "jpeg" = "png",
  signal?: AbortSignal,
): Promise<Blob> {
  const body = { width, height, pose, format, quality: 92 };
  return api("POST /api/views/{view}/picture", { path: { view }, body, ...(signal && { signal }) });
}

/** A figure as a PNG file. */
export async function figure(view: string, factor: number, look: Look): Promise<Blob> {
  const { parts, width, height } = partsOf(view, factor);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  for (const part of parts) {
    const state = states(part.view).peek();
    if (!state) continue;
    const bitmap = await createImageBitmap(
      await pictureOf(part.view, part.width, part.height, poseOf(state)),
    );
    context.drawImage(bitmap, part.x, part.y, part.width, part.height);
    bitmap.close();
    annotate(context, part, state, factor, look);
  }
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture came of it"))), "image/png"),
  );
}

/** Letters, words and scale bar over a picture. */
export function annotate(
  context: CanvasRenderingContext2D,
  part: Part,
  state: ViewState,
  factor: number,
  look: Look,
): void {
  const size = TEXT_PX * factor;
  context.save();
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.lineJoin = "round";
  if (look.words && state.kind === "slice") letters(context, part, state, size);
  if (look.words && state.kind === "slice") corners(context, part, state, size);
  if (look.bar) bar(context, part, state, size);
  context.restore();
}

function write(context: CanvasRenderingContext2D, text: string, x: number, y: number, size: number): void {
  context.strokeStyle = "rgb(0 0 0 / 85%)";
  context.lineWidth = size / 5;
  context.strokeText(text, x, y);
  context.fillText(text, x, y);
}

function letters(context: CanvasRenderingContext2D, part: Part, state: SliceState, size: number): void {
  const { left, right, top, bottom } = state.edges;
  const [x, y] = [part.x + part.width / 2, part.y + part.height / 2];
  context.fillStyle = "#ffe9a8";
  context.textAlign = "center";
  context.textBaseline = "middle";
  write(context, left, part.x + size * MARGIN, y, size);
  write(context, right, part.x + part.width - size * MARGIN, y, size);
  write(context, top, x, part.y + size * MARGIN, size);
  write(context, bottom, x, part.y + part.height - size * MARGIN, size);
}

function corners(context: CanvasRenderingContext2D, part: Part, state: SliceState, size: number): void {
  const margin = size * 0.6;
  const bottom = part.y + part.height - margin;
  context.fillStyle = "#f2f4f6";
  context.textAlign = "left";
  context.textBaseline = "top";
  write(context, state.background?.name ?? "", part.x + margin, part.y + margin, size);
  context.textBaseline = "bottom";
  if (state.window !== null && state.level !== null) {
    const window = `W ${Math.round(state.window)} L ${Math.round(state.level)}`;
    write(context, window, part.x + margin, bottom - size * 1.3, size);
  }
  write(context, `${state.orientation} ${state.offset.toFixed(1)} mm`, part.x + margin, bottom, size);
}

/** The scale bar's length in mm and pixels; null in perspective, where no length holds for the whole picture. */
export function barOf(
  state: ViewState,
  width: number,
  height: number,
): { mm: number; pixels: number } | null {
  if (state.kind === "threeD" && !(state as { parallel?: boolean }).parallel) return null;
  return rulerOf(mmPerCssPixel(state, [width, height]), width);
}

function bar(context: CanvasRenderingContext2D, part: Part, state: ViewState, size: number): void {
  const found = barOf(state, part.width, part.height);
  if (!found) return;
  const right = part.x + part.width - size;
  const y = part.y + part.height - size;
  const tick = size * 0.35;
  const path = new Path2D();
  path.moveTo(right - found.pixels, y - tick);
  path.lineTo(right - found.pixels, y);
  path.lineTo(right, y);
  path.lineTo(right, y - tick);
  context.lineCap = "square";
  context.strokeStyle = "rgb(0 0 0 / 85%)";
  context.lineWidth = size * 0.36;
  context.stroke(path);
  context.strokeStyle = "#f2f4f6";
  context.lineWidth = size * 0.16;
  context.stroke(path);
  context.fillStyle = "#f2f4f6";
  context.textAlign = "right";
  context.textBaseline = "bottom";
  write(context, lengthText(found.mm), right, y - tick * 1.2, size);
}

/** Hand a file to the user. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
