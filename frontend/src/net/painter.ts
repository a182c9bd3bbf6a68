/**
 * One view's pictures on one canvas. The newest wins: one compressed picture waits, one is being decoded, and what is drawn is
 * never older than what was. Pan and zoom are predicted by drawing the last picture shifted until a newer one comes.
 */
import type { PictureHeader } from "./protocol";

/** What part of its plane a slice picture shows: centre (mm in the plane) and mm per view height unit. */
export interface Rect {
  x: number;
  y: number;
  scale: number;
}

export interface Drawn {
  header: PictureHeader;
  received: number;
  skipped: number;
}

type Canvas = OffscreenCanvas | HTMLCanvasElement;
type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

/** Where to draw the last picture so that it lies where the wanted rectangle would have it, in fractions of the view. */
export function predicted(shown: Rect | null, wanted: Rect | null): { zoom: number; dx: number; dy: number } {
  if (!shown || !wanted) return { zoom: 1, dx: 0, dy: 0 };
  const zoom = shown.scale / wanted.scale;
  return { zoom, dx: (shown.x - wanted.x) / wanted.scale, dy: (wanted.y - shown.y) / wanted.scale };
}

export class Painter {
  private readonly context: Context;
  private waiting: { header: PictureHeader; received: number } | null = null;
  private decoding = false;
  private ready: { bitmap: ImageBitmap; header: PictureHeader; received: number } | null = null;
  private shown: ImageBitmap | null = null;
  private lastSeq = 0;
  private skipped = 0;
  private scheduled = false;
  private shownRect: Rect | null = null;
  private wantedRect: Rect | null = null;
  private readonly rects = new Map<number, Rect>();

  constructor(
    private readonly canvas: Canvas,
    private readonly codecs: () => string[],
    private readonly onDrawn: (drawn: Drawn) => void,
    private readonly onFault: (error: unknown) => void,
  ) {
    const context = canvas.getContext("2d", { alpha: false }) as Context | null;
    if (!context) throw new Error("no 2D canvas here");
    this.context = context;
  }

  resize(width: number, height: number): void {
    if (this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.draw();
  }

  /** The client's newest wish for this view, number n, shows this rectangle. */
  want(n: number, rect: Rect | null): void {
    if (!rect) return;
    this.rects.set(n, rect);
    this.wantedRect = rect;
    this.schedule();
  }

  /** Counting of pictures starts over after a reconnection. */
  restart(): void {
    this.lastSeq = 0;
    this.rects.clear();
    this.wantedRect = null;
  }

  receive(header: PictureHeader, received: number): void {
    if (this.waiting) this.skipped += 1;
    this.waiting = { header, received };
    void this.decodeNext();
  }

  close(): void {
    this.shown?.close();
    this.ready?.bitmap.close();
    this.shown = null;
    this.ready = null;
    this.waiting = null;
  }

  private async decodeNext(): Promise<void> {
    if (this.decoding || !this.waiting) return;
    const { header, received } = this.waiting;
    this.waiting = null;
    this.decoding = true;
    try {
      const type = `image/${this.codecs()[header.codec] ?? "jpeg"}`;
      const bitmap = await createImageBitmap(new Blob([header.payload], { type }));
      if (header.seq > this.lastSeq) {
        if (this.ready) {
          this.ready.bitmap.close();
          this.skipped += 1;
        }
        this.lastSeq = header.seq;
        this.ready = { bitmap, header, received };
        this.schedule();
      } else {
        bitmap.close();
      }
    } catch (error) {
      this.onFault(error);
    } finally {
      this.decoding = false;
      void this.decodeNext();
    }
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.present();
    });
  }

  private present(): void {
    const next = this.ready;
    if (next) {
      this.ready = null;
      this.shown?.close();
      this.shown = next.bitmap;
      this.takeRect(next.header.n);
    }
    this.draw();
    if (next) {
      this.onDrawn({ header: next.header, received: next.received, skipped: this.skipped });
      this.skipped = 0;
    }
  }

  private takeRect(n: number): void {
    for (const [number, rect] of this.rects) {
      if (number > n) break;
      this.shownRect = rect;
      this.rects.delete(number);
    }
    if (this.rects.size === 0) this.wantedRect = this.shownRect;
  }

  private draw(): void {
    const { width, height } = this.canvas;
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, width, height);
    if (!this.shown) return;
    const { zoom, dx, dy } = predicted(this.shownRect, this.wantedRect);
    const side = Math.min(width, height);
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(
      this.shown,
      width / 2 - (width * zoom) / 2 + dx * side,
      height / 2 - (height * zoom) / 2 + dy * side,
      width * zoom,
      height * zoom,
    );
  }
}
