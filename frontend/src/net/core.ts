/**
 * The stream client itself: socket, views, acknowledgements, coming back after a loss. Runs in a worker, or on the page where
 * OffscreenCanvas is missing. Knows nothing of documents or frameworks.
 */
import { backoffMs, shouldReconnect } from "./backoff";
import { type Drawn, Painter, type Rect } from "./painter";
import {
  type CameraKind,
  type MarkupPatch,
  type MarkupState,
  type Member,
  type Patch,
  type Pose,
  parsePicture,
  type Role,
  type SceneInfo,
  TILE,
  UNCHANGED,
  type Vector3,
  VIDEO,
  type ViewState,
  WHOLE,
} from "./protocol";
import { canDecode, VIDEO_CODEC } from "./video";

export type Status = "connecting" | "open" | "lost" | "closed";

export interface PictureStats {
  rev: number;
  n: number;
  flags: number;
  quality: number;
  codec: string;
  bytes: number;
  width: number;
  height: number;
  /** From the newest input on this view that the picture shows until it was drawn; null without a new one. */
  ageMs: number | null;
  /** When that input was made, ms since 1970. */
  inputAt: number | null;
  /** From the picture's arrival until it was drawn. */
  pageMs: number;
  waitUs: number;
  renderUs: number;
  encodeUs: number;
}

export type CoreEvent =
  | { event: "status"; status: Status; reason: string }
  | { event: "welcome"; id: string; resumed: boolean; limits: Record<string, number> }
  | { event: "scene"; scene: SceneInfo }
  | { event: "opened"; view: string; state: ViewState }
  | { event: "state"; view: string; patch: Patch; mine: boolean; own: boolean }
  | { event: "camera"; view: string; camera: CameraKind; state: ViewState }
  | { event: "picture"; view: string; stats: PictureStats }
  | { event: "markups"; changed: MarkupState[]; gone: string[]; all: boolean }
  | { event: "history"; undo: string[]; redo: string[] }
  | { event: "probe"; ms: number }
  | { event: "stale"; stale: boolean }
  | { event: "nodes"; rev: number; ids: string[] | null }
  | { event: "members"; members: Member[] }
  | { event: "presence"; who: string; view: string; point: Vector3 | null; tool: string }
  | { event: "progress"; job: string; text: string; fraction: number | null }
  | { event: "notice"; text: string; level: string };

export interface CoreCommands {
  connect(url: string): void;
  /** `view` is the page's own key for it, and the name of the view unless `name` says otherwise. */
  open(
    view: string,
    canvas: OffscreenCanvas | HTMLCanvasElement,
    size: [number, number],
    dpr: number,
    name?: string,
    camera?: CameraKind,
  ): void;
  /** Look around by oneself, or with the others again. */
  look(view: string, camera: CameraKind): void;
  close(view: string): void;
  resize(view: string, size: [number, number], dpr: number): void;
  visible(visible: boolean): void;
  show(view: string, visible: boolean): void;
  /** `at`: when the input was made, ms since 1970 by the page's fine clock; now where absent. */
  set(view: string, patch: Patch, rect: Rect | null, at?: number): void;
  focus(view: string): void;
  /** Move the tracked tool; a pose that can not be sent at once is forgotten, for the next one is newer. */
  track(view: string, pose: Pose): void;
  /** Be known to the others by this name. */
  introduce(name: string): void;
  /** Tell the others where one points; null for nowhere. */
  point(view: string, point: Vector3 | null): void;
  /** Give somebody a role. */
  grant(who: string, role: Role): void;
  /** Change a markup while it is dragged over a view; all of one gesture is one step of undo. */
  markup(view: string, id: string, patch: MarkupPatch, gesture: string): void;
  /** Ask for the time there and back; a `probe` event tells it. */
  probe(): void;
  disconnect(): void;
}

interface View {
  key: string;
  name: string;
  camera: CameraKind;
  stream: number | null;
  size: [number, number];
  dpr: number;
  shown: boolean;
  painter: Painter;
  pending: Patch | null;
  /** When the inputs were made that no drawn picture shows yet, by their number; this thread's clock. */
  inputs: Map<number, number>;
}

const CODECS = ["jpeg", "png"];
const STALE_MS = 2000;
const PROBE_MS = 2000;
const ASKED = "asked";

export class StreamCore implements CoreCommands {
  private socket: WebSocket | null = null;
  private url = "";
  private key: { id: string; secret: string } | null = null;
  private codecs = CODECS;
  private name = "";
  /** What this page can show. */
  private shows: Promise<string[]> = canDecode().then((can) => (can ? [...CODECS, VIDEO_CODEC] : CODECS));
  private attempt = 0;
  private n = 0;
  private readonly views = new Map<string, View>();
  private visibleNow = true;
  private heardAt = 0;
  private askedAt = 0;
  private stale = false;
  private stopped = false;
  private timer: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly tell: (event: CoreEvent) => void) {}

  connect(url: string): void {
    this.url = url;
    this.stopped = false;
    this.timer ??= setInterval(() => this.watch(), 250);
    this.begin();
  }

  disconnect(): void {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    this.socket?.close();
  }

  open(
    key: string,
    canvas: OffscreenCanvas | HTMLCanvasElement,
    size: [number, number],
    dpr: number,
    name = key,
    camera: CameraKind = "shared",
  ): void {
    const view: View = {
      key,
      name,
      camera,
      stream: null,
      size,
      dpr,
      shown: true,
      pending: null,
      inputs: new Map(),
      painter: new Painter(
        canvas,
        () => this.codecs,
        (drawn) => this.drawn(view, drawn),
        (error) =>
          this.tell({ event: "notice", text: `A picture could not be read: ${error}`, level: "warning" }),
        (header) => this.withoutVideo(header.stream, header.seq),
      ),
    };
    view.painter.resize(size[0], size[1]);
    this.views.set(key, view);
    this.ask([view]);
  }

  look(key: string, camera: CameraKind): void {
    const view = this.views.get(key);
    if (!view || view.camera === camera) return;
    view.camera = camera;
    if (view.stream !== null) this.send("camera", { stream: view.stream, camera });
  }

  close(key: string): void {
    const view = this.views.get(key);
    if (!view) return;
    this.views.delete(key);
    view.painter.close();
    if (view.stream !== null) this.send("close", { stream: view.stream });
  }

  resize(name: string, size: [number, number], dpr: number): void {
    const view = this.views.get(name);
    if (!view) return;
    view.size = size;
    view.dpr = dpr;
    view.painter.resize(size[0], size[1]);
    if (view.stream !== null) this.send("resize", { stream: view.stream, size, dpr });
  }

  visible(visible: boolean): void {
    this.visibleNow = visible;
    for (const view of this.views.values()) this.sayVisible(view);
  }

  show(name: string, visible: boolean): void {
    const view = this.views.get(name);
    if (!view || view.shown === visible) return;
    view.shown = visible;
    this.sayVisible(view);
  }

  focus(name: string): void {
    const view = this.views.get(name);
    if (view?.stream) this.send("focus", { stream: view.stream });
  }

  set(name: string, patch: Patch, rect: Rect | null, at?: number): void {
    const view = this.views.get(name);
    if (!view) return;
    if (view.stream === null || this.socket?.readyState !== WebSocket.OPEN) {
      view.pending = { ...view.pending, ...patch };
      return;
    }
    view.painter.want(this.count(view, at), rect);
    this.send("set", { stream: view.stream, n: this.n, patch });
  }

  track(name: string, pose: Pose): void {
    const view = this.views.get(name);
    if (!view?.stream || this.socket?.readyState !== WebSocket.OPEN) return;
    this.send("track", { stream: view.stream, n: this.count(view), ...pose });
  }

  introduce(name: string): void {
    this.name = name;
    this.send("introduce", { name });
  }

  point(view: string, point: Vector3 | null): void {
    this.send("presence", { view, point, tool: "" });
  }

  grant(who: string, role: Role): void {
    this.send("grant", { who, role });
  }

  markup(name: string, id: string, patch: MarkupPatch, gesture: string): void {
    const view = this.views.get(name);
    if (!view?.stream || this.socket?.readyState !== WebSocket.OPEN) return;
    this.send("markup", { stream: view.stream, n: this.count(view), id, patch, gesture });
  }

  probe(): void {
    this.send("probe", { id: ASKED, t: performance.now() });
  }

  /** Number a change of a view, and remember when it was made. */
  private count(view: View, at?: number): number {
    this.n += 1;
    view.inputs.set(this.n, at === undefined ? performance.now() : at - performance.timeOrigin);
    this.askedAt = performance.now();
    return this.n;
  }

  private begin(): void {
    this.tell({ event: "status", status: "connecting", reason: "" });
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = async () => {
      const codecs = await this.shows;
      if (this.socket === socket)
        this.send("hello", {
          protocol: [1],
          client: "viewer",
          name: this.name,
          codecs,
          resume: this.key ?? undefined,
        });
    };
    socket.onmessage = (message) => this.hear(message.data);
    socket.onclose = (event) => this.lost(event.code, event.reason);
  }

  private lost(code: number, reason: string): void {
    if (this.stopped || !shouldReconnect(code)) {
      this.tell({ event: "status", status: "closed", reason });
      return;
    }
    this.tell({ event: "status", status: "lost", reason });
    for (const view of this.views.values()) view.stream = null;
    setTimeout(() => !this.stopped && this.begin(), backoffMs(this.attempt));
    this.attempt += 1;
  }

  private hear(data: string | ArrayBuffer): void {
    this.heardAt = performance.now();
    if (typeof data !== "string") {
      try {
        const header = parsePicture(data);
        const view = this.viewOf(header.stream);
        if (header.kind === WHOLE || header.kind === TILE || header.kind === VIDEO)
          view?.painter.receive(header, performance.now());
        else if (header.kind === UNCHANGED) view?.painter.confirm(header, performance.now());
      } catch {
        this.socket?.close(4002, "a picture's header does not add up");
      }
      return;
    }
    const message = JSON.parse(data);
    switch (message.type) {
      case "welcome":
        this.welcome(message);
        break;
      case "opened":
        this.opened(message);
        break;
      case "state":
        this.stateTold(message);
        break;
      case "camera": {
        const view = this.viewOf(message.stream);
        if (view && view.camera === message.camera)
          this.tell({ event: "camera", view: view.key, camera: message.camera, state: message.state });
        break;
      }
      case "scene":
        this.tell({ event: "scene", scene: message.scene });
        break;
      case "nodes":
        this.tell({ event: "nodes", rev: message.rev, ids: message.ids });
        break;
      case "members":
        this.tell({ event: "members", members: message.members });
        break;
      case "presence": {
        const { who, view, point, tool } = message;
        this.tell({ event: "presence", who, view, point, tool });
        break;
      }
      case "markups":
        this.tell({
          event: "markups",
          changed: message.changed,
          gone: message.gone,
          all: message.all === true,
        });
        break;
      case "history":
        this.tell({ event: "history", undo: message.undo, redo: message.redo });
        break;
      case "progress":
        this.tell({ event: "progress", job: message.job, text: message.text, fraction: message.fraction });
        break;
      case "notice":
        this.tell({ event: "notice", text: message.text, level: message.level });
        break;
      case "error":
        this.tell({ event: "notice", text: message.message, level: "error" });
        break;
      case "probe":
        if (message.time === undefined)
          this.send("probe", { id: message.id, t: message.t, time: Date.now() / 1000 });
        else if (message.id === ASKED) this.tell({ event: "probe", ms: performance.now() - message.t });
        break;
    }
  }

  /** Have JPEG again; what can not be shown is acknowledged, so that it comes. */
  private withoutVideo(stream: number, seq: number): void {
    this.shows = Promise.resolve(CODECS);
    this.send("codecs", { codecs: CODECS });
    this.acknowledge(stream, seq, performance.now(), 1);
  }

  private viewOf(stream: number): View | undefined {
    return [...this.views.values()].find((view) => view.stream === stream);
  }

  /** The state of an own camera is its stream's alone; that of the shared one is told by the view's name. */
  private stateTold(message: { view: string; patch: Patch; by: string | null; stream?: number }): void {
    const own = message.stream !== undefined;
    const view = own ? this.viewOf(message.stream as number)?.key : message.view;
    if (view !== undefined)
      this.tell({ event: "state", view, patch: message.patch, mine: message.by === this.key?.id, own });
  }

  private welcome(message: {
    id: string;
    secret: string;
    codecs: string[];
    resumed: boolean;
    limits: Record<string, number>;
    scene: SceneInfo;
  }): void {
    this.attempt = 0;
    this.key = { id: message.id, secret: message.secret };
    this.codecs = message.codecs;
    for (const view of this.views.values()) view.painter.restart();
    this.tell({ event: "status", status: "open", reason: "" });
    this.tell({ event: "welcome", id: message.id, resumed: message.resumed, limits: message.limits });
    this.tell({ event: "scene", scene: message.scene });
    if (!message.resumed) this.ask([...this.views.values()]);
  }

  private ask(views: View[]): void {
    if (this.socket?.readyState !== WebSocket.OPEN || !this.key || views.length === 0) return;
    this.askedAt = performance.now();
    const wishes = views.map((v) => ({
      ref: v.key,
      view: v.name,
      size: v.size,
      dpr: v.dpr,
      camera: v.camera,
      still: "lossless",
    }));
    this.send("open", { views: wishes });
  }

  private opened(message: { ref: string; stream: number; camera: CameraKind; state: ViewState }): void {
    const view = this.views.get(message.ref);
    if (!view) {
      this.send("close", { stream: message.stream }); // it was closed before it was open
      return;
    }
    view.stream = message.stream;
    this.sayVisible(view);
    if (view.camera !== message.camera) this.send("camera", { stream: view.stream, camera: view.camera });
    this.tell({ event: "opened", view: view.key, state: message.state });
    const { pending } = view;
    view.pending = null;
    if (pending) this.set(view.key, pending, null);
  }

  private sayVisible(view: View): void {
    if (view.stream !== null)
      this.send("visible", { stream: view.stream, visible: this.visibleNow && view.shown });
  }

  private drawn(view: View, drawn: Drawn): void {
    const { header } = drawn;
    this.acknowledge(header.stream, header.seq, drawn.received, drawn.skipped);
    const now = performance.now();
    let input: number | undefined;
    for (const [n, at] of view.inputs) {
      if (n > header.n) break;
      input = at;
      view.inputs.delete(n);
    }
    this.tell({
      event: "picture",
      view: view.key,
      stats: {
        rev: header.rev,
        n: header.n,
        flags: header.flags,
        quality: header.quality,
        codec: this.codecs[header.codec] ?? "",
        bytes: header.payload.length,
        width: header.width,
        height: header.height,
        ageMs: input === undefined ? null : now - input,
        inputAt: input === undefined ? null : performance.timeOrigin + input,
        pageMs: now - drawn.received,
        waitUs: header.waitUs,
        renderUs: header.renderUs,
        encodeUs: header.encodeUs,
      },
    });
  }

  private acknowledge(stream: number, seq: number, received: number, skipped: number): void {
    this.send("ack", { stream, seq, recv: received, shown: performance.now(), skipped });
  }

  /** Probe while idle, and tell when something is expected and nothing has come for long. */
  private watch(): void {
    const now = performance.now();
    const expected = this.askedAt > this.heardAt;
    const stale = this.socket?.readyState !== WebSocket.OPEN || (expected && now - this.askedAt > STALE_MS);
    if (stale !== this.stale) {
      this.stale = stale;
      this.tell({ event: "stale", stale });
    }
    if (this.key && now - this.heardAt > PROBE_MS && this.socket?.readyState === WebSocket.OPEN) {
      this.heardAt = now;
      this.send("probe", { id: "idle", t: now });
    }
  }

  private send(type: string, fields: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type, ...fields }));
  }
}
