/**
 * Chunks of video to pictures, in their order, by the browser's own decoder (WebCodecs, which exists in secure contexts only). Every chunk goes
 * in, since the next one needs it; what comes out late is for the caller to leave out.
 */
import type { PictureHeader } from "./protocol";

export const VIDEO_CODEC = "vp9";
const CONFIG: VideoDecoderConfig = { codec: "vp09.00.41.08", optimizeForLatency: true };
const SILENCE_MS = 1000;

/** Whether this browser decodes the server's video. */
export async function canDecode(): Promise<boolean> {
  if (typeof VideoDecoder === "undefined") return false;
  try {
    return (await VideoDecoder.isConfigSupported(CONFIG)).supported === true;
  } catch {
    return false;
  }
}

interface Waiting {
  header: PictureHeader;
  received: number;
}

export class VideoPath {
  private decoder: VideoDecoder | null = null;
  /** What was put in and has not come out, by its time stamp. */
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;
  private last: PictureHeader | null = null;
  private watchdog: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly onFrame: (frame: VideoFrame, header: PictureHeader, received: number) => void,
    private readonly onFault: (header: PictureHeader) => void,
  ) {}

  decode(header: PictureHeader, received: number, isKey: boolean): void {
    this.last = header;
    if (isKey && this.decoder?.state !== "configured") this.begin();
    if (this.decoder?.state !== "configured") return this.fail();
    this.count += 1;
    this.waiting.set(this.count, { header, received });
    this.watchdog ??= setTimeout(() => this.fail(), SILENCE_MS);
    const type = isKey ? "key" : "delta";
    try {
      this.decoder.decode(new EncodedVideoChunk({ type, timestamp: this.count, data: header.payload }));
    } catch {
      this.fail();
    }
  }

  close(): void {
    if (this.watchdog) clearTimeout(this.watchdog);
    this.watchdog = null;
    this.waiting.clear();
    if (this.decoder && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
  }

  private begin(): void {
    this.close();
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (this.decoder === decoder) this.take(frame);
        else frame.close();
      },
      error: () => this.decoder === decoder && this.fail(),
    });
    decoder.configure(CONFIG);
    this.decoder = decoder;
  }

  private take(frame: VideoFrame): void {
    const found = this.waiting.get(frame.timestamp);
    for (const timestamp of this.waiting.keys())
      if (timestamp <= frame.timestamp) this.waiting.delete(timestamp);
    if (this.watchdog) clearTimeout(this.watchdog);
    this.watchdog = this.waiting.size === 0 ? null : setTimeout(() => this.fail(), SILENCE_MS);
    if (found) this.onFrame(frame, found.header, found.received);
    else frame.close();
  }

  /** It begins with a delta, its data are damaged, or nothing has come out for long. */
  private fail(): void {
    this.close();
    if (this.last) this.onFault(this.last);
  }
}
