/**
 * Chunks of video to pictures, in their order, by the browser's own decoder (WebCodecs, which exists in secure contexts only). Every chunk goes
 * in, since the next one needs it; what comes out late is for the caller to leave out.
 */
import type { PictureHeader } from "./protocol";

/** The server's words for kinds of video, and WebCodecs'. H.264 comes with its parameters in the stream (Annex B). */
const NAMES: Record<string, string> = {
  h264: "avc1.64002A",
  av1: "av01.0.08M.08",
  vp9: "vp09.00.41.08",
};
const SILENCE_MS = 1000;

const configOf = (codec: string): VideoDecoderConfig => ({
  codec: NAMES[codec] ?? codec,
  optimizeForLatency: true,
});

/** What this browser decodes of the server's kinds of video. */
export async function decodable(): Promise<string[]> {
  if (typeof VideoDecoder === "undefined") return [];
  const can = async (codec: string): Promise<string[]> => {
    try {
      return (await VideoDecoder.isConfigSupported(configOf(codec))).supported ? [codec] : [];
    } catch {
      return [];
    }
  };
  return (await Promise.all(Object.keys(NAMES).map(can))).flat();
}

interface Waiting {
  header: PictureHeader;
  received: number;
}

export class VideoPath {
  private decoder: VideoDecoder | null = null;
  /** What it decodes. */
  private codec = "";
  /** What was put in and has not come out, by its time stamp. */
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;
  private last: PictureHeader | null = null;
  private watchdog: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly onFrame: (frame: VideoFrame, header: PictureHeader, received: number) => void,
    private readonly onFault: (header: PictureHeader, codec: string) => void,
  ) {}

  decode(header: PictureHeader, codec: string, received: number, isKey: boolean): void {
    this.last = header;
    if (isKey && (this.decoder?.state !== "configured" || this.codec !== codec)) this.begin(codec);
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

  private begin(codec: string): void {
    this.close();
    this.codec = codec;
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (this.decoder === decoder) this.take(frame);
        else frame.close();
      },
      error: () => this.decoder === decoder && this.fail(),
    });
    decoder.configure(configOf(codec));
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
    if (this.last) this.onFault(this.last, this.codec);
  }
}
