/** What the brush draws over a view at once: the round cursor, and the part of a stroke that no picture shows yet. */
import type { SliceState, Vector3 } from "../../net/protocol";
import { mmPerPixel, project } from "../slice";

type Size = [number, number];

/** A part of a stroke on its way: `rev` is the view's revision that shows it, null while the server has not said. */
export interface Pending {
  points: Vector3[];
  radius: number;
  color: string;
  rev: number | null;
}

/** A canvas of its own above the picture, made when it is first needed. */
export class BrushLayer {
  private readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d");

  constructor(element: HTMLElement) {
    this.canvas.className = "brush-layer";
    this.canvas.setAttribute("aria-hidden", "true");
    element.append(this.canvas);
  }

  /** `cursor`: fractions of the view, null where the pointer is elsewhere. */
  draw(
    state: SliceState,
    size: Size,
    cursor: { x: number; y: number } | null,
    radius: number,
    color: string,
    pending: Pending[],
  ): void {
    const { canvas, context } = this;
    if (!context) return;
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    context.clearRect(0, 0, canvas.width, canvas.height);
    const mm = mmPerPixel(state, size);
    context.lineCap = context.lineJoin = "round";
    for (const part of pending) {
      context.strokeStyle = part.color;
      context.lineWidth = (2 * part.radius) / mm;
      context.beginPath();
      part.points.forEach((point, index) => {
        const { x, y } = project(state, size, point);
        if (index === 0) context.moveTo(x * size[0], y * size[1]);
        context.lineTo(x * size[0], y * size[1]);
      });
      context.stroke();
    }
    if (cursor) this.ring(cursor.x * size[0], cursor.y * size[1], Math.max(radius / mm, 1.5), color);
  }

  /** Seen on any ground: light within dark. */
  private ring(x: number, y: number, radius: number, color: string): void {
    const { context } = this;
    if (!context) return;
    for (const [width, style] of [
      [3.5, "rgb(0 0 0 / 65%)"],
      [1.5, color],
    ] as const) {
      context.lineWidth = width * devicePixelRatio;
      context.strokeStyle = style;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  remove(): void {
    this.canvas.remove();
  }
}
