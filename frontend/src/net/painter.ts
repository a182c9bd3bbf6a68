/**
 * One view's pictures on one canvas. The newest wins: one compressed picture waits, one is being decoded, and what is drawn is
 * never older than what was. The canvas is drawn once per display frame at most: by the first picture of a frame at once, so that it is acknowledged
 * early, by what comes after it with the next frame. Tiles are drawn over the picture they refine, in their order, and go when a newer picture comes.
 * Pan and zoom are predicted by drawing the last picture shifted until a newer one comes.
 */
import { KEY, type PictureHeader, TILE, VIDEO } from "./protocol";
import { VideoPath } from "./video";

/** What part of its plane a slice picture shows: centre (mm in the plane) and mm per view height unit. */
export interface Rect {
  x: number;
  y: number;
  scale: number;
}

/** From what a view shows to what it is to show. */
export interface Move {
  from: Rect;
  to: Rect;
}

export interface Drawn {
  header: PictureHeader;
  received: number;
  skipped: number;
}

type Canvas = OffscreenCanvas | HTMLCanvasElement;
type Picture = ImageBitmap | VideoFrame;
type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

/** Where to draw the last picture so that it lies where the wanted rectangle would have it, in fractions of the view. */
export function predicted(shown: Rect | null, wanted: Rect | null): { zoom: number; dx: number; dy: number } {
  if (!shown || !wanted) return { zoom: 1, dx: 0, dy: 0 };
  const zoom = shown.scale / wanted.scale;
  return { zoom, dx: (shown.x - wanted.x) / wanted.scale, dy: (wanted.y - shown.y) / wanted.scale };
}

type Size = [number, number];

/** How large a picture is to be drawn: after a change of size the last one keeps its shape, and its scale as a field of view is fitted in. */
export function fitted([width, height]: Size, canvas: Size): Size {
  const scale = Math.min(...canvas) / Math.min(width, height);
  const size: Size = [width * scale, height * scale];
  const isSame = Math.abs(size[0] - canvas[0]) <= scale && Math.abs(size[1] - canvas[1]) <= scale;
  return isSame ? canvas : size;
}

interface Compressed {
  header: PictureHeader;
  received: number;
}

interface Decoded extends Compressed {
  bitmap: Picture | null;
}

export class Painter {
  private readonly context: Context;
  private waiting: Compressed[] = [];
  private decoding = false;
  private ready: Decoded[] = [];
  private shown: Picture | Canvas | null = null;
  /** Its width and height as it was coded; video may have a row or column more, which is left out. */
  private shownSize: Size = [1, 1];
  private readonly video: VideoPath;
  private lastSeq = 0;
  private skipped = 0;
  private frameTaken = false;
  private due = false;
  private shownRect: Rect | null = null;
  private wantedRect: Rect | null = null;
  private readonly rects = new Map<number, Rect>();

  constructor(
    private readonly canvas: Canvas,
    private readonly codecs: () => string[],
    private readonly onDrawn: (drawn: Drawn) => void,
    private readonly onFault: (error: unknown) => void,
    /** Video of this codec can not be shown here; this picture is the last that came. */
    onVideoFault: (header: PictureHeader, codec: string) => void,
  ) {
    this.video = new VideoPath((frame, header, received) => this.take(frame, header, received), onVideoFault);
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

  /** The client's newest wish for this view, number n, moves it so. */
  want(n: number, move: Move | null): void {
    if (!move) return;
    if (this.rects.size === 0) this.shownRect = move.from; // nothing is under way, so the picture is of where it was
    this.rects.set(n, move.to);
    this.wantedRect = move.to;
    this.drawWithFrame();
  }

  /** Counting of pictures starts over after a reconnection. */
  restart(): void {
    this.video.close();
    this.lastSeq = 0;
    this.rects.clear();
    this.wantedRect = null;
  }

  receive(header: PictureHeader, received: number): void {
    if (header.kind !== TILE) {
      this.skipped += this.waiting.length;
      this.waiting = [];
    }
    if (header.kind === VIDEO) {
      const codec = this.codecs()[header.codec] ?? "";
      this.video.decode(header, codec, received, (header.flags & KEY) !== 0);
      return;
    }
    this.waiting.push({ header, received });
    void this.decodeNext();
  }

  /** The state has changed and the pixels have not: what is shown, or on its way, is of this number too. */
  confirm(header: PictureHeader, received: number): void {
    this.ready.push({ header, received, bitmap: null });
    this.drawSoon();
  }

  close(): void {
    this.video.close();
    if (isPicture(this.shown)) this.shown.close();
    for (const { bitmap } of this.ready) bitmap?.close();
    this.shown = null;
    this.ready = [];
    this.waiting = [];
  }

  private async decodeNext(): Promise<void> {
    const next = this.decoding ? undefined : this.waiting.shift();
    if (!next) return;
    const { header, received } = next;
    this.decoding = true;
    try {
      const type = `image/${this.codecs()[header.codec] ?? "jpeg"}`;
      const bitmap = await createImageBitmap(new Blob([header.payload], { type }));
      this.take(bitmap, header, received);
    } catch (error) {
      this.onFault(error);
    } finally {
      this.decoding = false;
      void this.decodeNext();
    }
  }

  /** A picture is decoded: it is drawn unless a newer one was. */
  private take(bitmap: Picture, header: PictureHeader, received: number): void {
    if (header.seq <= this.lastSeq) {
      bitmap.close();
      return;
    }
    this.lastSeq = header.seq;
    if (header.kind !== TILE) this.drop();
    this.ready.push({ bitmap, header, received });
    this.drawSoon();
  }

  /** What is decoded and not yet drawn is outdated. */
  private drop(): void {
    this.skipped += this.ready.length;
    for (const { bitmap } of this.ready) bitmap?.close();
    this.ready = [];
  }

  private drawSoon(): void {
    if (this.frameTaken) this.due = true;
    else this.present();
  }

  private drawWithFrame(): void {
    this.due = true;
    if (!this.frameTaken) this.takeFrame();
  }

  private takeFrame(): void {
    this.frameTaken = true;
    requestAnimationFrame(() => {
      this.frameTaken = false;
      if (this.due) this.present();
    });
  }

  private present(): void {
    this.due = false;
    this.takeFrame();
    const news = this.ready;
    this.ready = [];
    for (const next of news) {
      if (next.bitmap && next.header.kind === TILE) this.layOver(next.bitmap, next.header);
      else if (next.bitmap) this.replace(next.bitmap);
      if (next.bitmap) this.shownSize = [next.header.width, next.header.height];
      this.takeRect(next.header.n);
    }
    this.draw();
    for (const next of news) {
      this.onDrawn({ header: next.header, received: next.received, skipped: this.skipped });
      this.skipped = 0;
    }
  }

  private replace(picture: Picture | Canvas): void {
    if (isPicture(this.shown)) this.shown.close();
    this.shown = picture;
  }

  private layOver(tile: Picture, header: PictureHeader): void {
    if (isPicture(this.shown)) {
      const whole = makeCanvas(header.width, header.height);
      const [width, height] = this.shownSize;
      whole.getContext("2d")?.drawImage(this.shown, 0, 0, width, height, 0, 0, header.width, header.height);
      this.replace(whole);
    }
    const context = isPicture(this.shown) ? null : this.shown?.getContext("2d");
    (context as Context | null | undefined)?.drawImage(tile, header.tile[0], header.tile[1]);
    tile.close();
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
    const [across, along] = fitted(this.shownSize, [width, height]).map((length) => length * zoom) as Size;
    const [x, y] = [width / 2 + 0.5, height / 2 - 0.5]; // where slices have their origin: view/slice.ts
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(
      this.shown,
      0,
      0,
      ...this.shownSize,
      x - (x / width) * across + dx * side,
      y - (y / height) * along + dy * side,
      across,
      along,
    );
  }
}

function isPicture(shown: Picture | Canvas | null): shown is Picture {
  return shown !== null && "close" in shown;
}

function makeCanvas(width: number, height: number): Canvas {
  if (typeof OffscreenCanvas !== "undefined") return new OffscreenCanvas(width, height);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}
