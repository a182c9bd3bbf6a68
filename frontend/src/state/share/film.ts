/**
 * Films of a view: once around the patient, or through all slices. The server draws every picture before the recording begins, so that
 * the film has an even pace however long a picture takes; the view itself stays where it is.
 */
import type { ViewState } from "../../net/protocol";
import { statesOf } from "../../view/films";
import { states } from "../store";
import { annotate, type Look, pictureOf, poseOf, sizeOf } from "./figure";

export const FRAMES_PER_S = 25;
const AT_A_TIME = 2;
const BITS_PER_PIXEL = 0.35;
const TYPES = [
  "video/mp4;codecs=avc1.640028",
  "video/mp4;codecs=avc1.42E01E",
  "video/webm;codecs=vp9",
  "video/webm;codecs=vp8",
  "video/webm",
];

export type Told = (stage: "drawing" | "recording", done: number, total: number) => void;

/** What this browser records, the best first; empty where it records nothing. */
export function filmType(): string {
  if (typeof MediaRecorder === "undefined") return "";
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
}

/** Even sides, as films need them, in the view's shape. */
export function filmSize(view: string, height: number): [number, number] {
  const [width, tall] = sizeOf(view);
  const even = (value: number) => Math.max(16, Math.round(value / 2) * 2);
  return [even((height * width) / tall), even(height)];
}

/** Make a film. Throws where the browser can not, the server does not, or `stop` is set. */
export async function film(
  view: string,
  seconds: number,
  height: number,
  look: Look,
  told: Told,
  stop: AbortSignal,
): Promise<{ blob: Blob; ending: string }> {
  const type = filmType();
  const state = states(view).peek();
  if (!type || !state) throw new Error("no film can be made here");
  const [width, tall] = filmSize(view, height);
  const wanted = statesOf(state, Math.round(seconds * FRAMES_PER_S));
  const pictures = await draw(view, wanted, width, tall, told, stop);
  const blob = await record(pictures, wanted, view, width, tall, look, type, told, stop);
  return { blob, ending: type.startsWith("video/mp4") ? ".mp4" : ".webm" };
}

async function draw(
  view: string,
  wanted: ViewState[],
  width: number,
  height: number,
  told: Told,
  stop: AbortSignal,
): Promise<Blob[]> {
  const pictures: Blob[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < wanted.length) {
      const index = next;
      next += 1;
      const pose = poseOf(wanted[index] as ViewState);
      pictures[index] = await pictureOf(view, width, height, pose, "jpeg", stop);
      done += 1;
      told("drawing", done, wanted.length);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return pictures;
}

async function record(
  pictures: Blob[],
  wanted: ViewState[],
  view: string,
  width: number,
  height: number,
  look: Look,
  type: string,
  told: Told,
  stop: AbortSignal,
): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
  const factor = Math.max(height / 600, 0.8);
  const part = { view, x: 0, y: 0, width, height };
  const show = async (index: number) => {
    const bitmap = await createImageBitmap(pictures[index] as Blob);
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    annotate(context, part, wanted[index] as ViewState, factor, look);
  };
  await show(0);
  const stream = canvas.captureStream(FRAMES_PER_S);
  const bits = Math.max(Math.round(width * height * FRAMES_PER_S * BITS_PER_PIXEL), 1_000_000);
  const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: bits });
  const chunks: Blob[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    recorder.ondataavailable = (event) => chunks.push(event.data);
    recorder.onstop = () => resolve();
    recorder.onerror = () => reject(new Error("the recording failed"));
  });
  recorder.start();
  const begun = performance.now();
  try {
    for (let index = 0; index < pictures.length; index += 1) {
      stop.throwIfAborted();
      await show(index);
      told("recording", index + 1, pictures.length);
      await until(begun + ((index + 1) * 1000) / FRAMES_PER_S);
    }
  } finally {
    recorder.stop();
    await ended;
    for (const track of stream.getTracks()) track.stop();
  }
  return new Blob(chunks, { type: type.split(";")[0] ?? type });
}

function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())));
}
