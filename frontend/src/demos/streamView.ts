/** One view of the scene on a page, through the frame stream: its canvas, its state, and whether it is live. */
import { connectStream, type StreamClient } from "../net/client";
import type { CoreEvent, PictureStats } from "../net/events";
import { here } from "../net/place";
import type { Patch, ViewState } from "../net/protocol";
import { AWAY, byId, LIVE, STATUS_TEXT, sayServer } from "./page";

export interface Listener {
  /** The view's state as it is now; called for each change. */
  state?(state: ViewState): void;
  picture?(stats: PictureStats): void;
  /** Milliseconds there and back, for each `client.probe()`. */
  probe?(ms: number): void;
  resized?(size: [number, number]): void;
}

const LOST: Record<string, string> = {
  connecting: "Connecting…",
  lost: AWAY,
  closed: "The server has closed the connection; reload the page to try again.",
};

export class StreamView {
  readonly client: StreamClient;
  state: ViewState | null = null;
  size: [number, number];
  private connection = "connecting";
  private scene = "starting";
  private stale = false;
  private fresh = true;

  /** `box` gets the canvas; `fixed` is a size in device pixels, else the view fills the box. */
  constructor(
    private readonly name: string,
    private readonly box: HTMLElement,
    private readonly listener: Listener,
    fixed: [number, number] | null = null,
  ) {
    this.size = fixed ?? this.measured();
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    this.box.prepend(canvas);
    this.client = connectStream((event) => this.hear(event));
    this.client.open(name, canvas, this.size, devicePixelRatio);
    this.client.connect(
      `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${here("/stream")}`,
    );
    if (!fixed) new ResizeObserver(() => this.resize()).observe(box);
    const onVisibility = () => this.client.visible(!document.hidden);
    document.addEventListener("visibilitychange", onVisibility);
    onVisibility();
    this.say();
  }

  get live(): boolean {
    const old = this.stale || !this.fresh;
    return this.connection === "open" && !old && (this.scene === "ready" || this.scene === "loading");
  }

  set(patch: Patch): void {
    this.client.set(this.name, patch, null);
  }

  private measured(): [number, number] {
    const ratio = Math.min(devicePixelRatio, 3);
    return [
      Math.max(16, Math.round(this.box.clientWidth * ratio)),
      Math.max(16, Math.round(this.box.clientHeight * ratio)),
    ];
  }

  private resize(): void {
    const size = this.measured();
    if (size[0] === this.size[0] && size[1] === this.size[1]) return;
    this.size = size;
    this.client.resize(this.name, size, devicePixelRatio);
    this.listener.resized?.(size);
  }

  private hear(event: CoreEvent): void {
    if (event.event === "status") this.connection = event.status;
    else if (event.event === "stale") this.stale = event.stale;
    else if (event.event === "fresh") this.fresh = event.fresh;
    else if (event.event === "scene") this.scene = event.scene.status;
    else if (event.event === "opened") this.told(event.state);
    else if (event.event === "state" && event.view === this.name && this.state)
      this.told({ ...this.state, ...event.patch } as ViewState);
    else if (event.event === "picture") this.listener.picture?.(event.stats);
    else if (event.event === "notice") byId("notice").textContent = event.text;
    else if (event.event === "probe") this.listener.probe?.(event.ms);
    this.say();
  }

  private told(state: ViewState): void {
    this.state = state;
    this.listener.state?.(state);
  }

  private say(): void {
    const text =
      LOST[this.connection] ?? STATUS_TEXT[this.scene] ?? (this.live ? LIVE : "No picture comes; waiting…");
    sayServer(text, this.live);
  }
}
