/**
 * The stream client itself: socket, views, acknowledgements, coming back after a loss. Runs in a worker, or on the page where
 * OffscreenCanvas is missing. Knows nothing of documents or frameworks.
 */
import { backoffMs, shouldReconnect } from "./backoff";
import type { CoreCommands, CoreEvent } from "./events";
import { type Drawn, type Move, Painter } from "./painter";
import { joined } from "./patches";
import {
  type CameraKind,
  type MarkupPatch,
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
import { Silence } from "./silence";
import { decodable } from "./video";

interface View {
  key: string;
  name: string;
  camera: CameraKind;
  stream: number | null;
  size: [number, number];
  dpr: number;
  /** What the server was told last. */
  toldSize: [number, number];
  shown: boolean;
  painter: Painter;
  /** The server had it open before the connection was lost for so long that it has forgotten. */
  wasOpen: boolean;
  /** Whether what is drawn is what the server shows now, as far as one can know. */
  fresh: boolean;
  /** Only a picture that came after this makes it fresh, this thread's clock. */
  oldSince: number;
  pending: Patch | null;
  /** When the inputs were made that no drawn picture shows yet, by their number; this thread's clock. */
  inputs: Map<number, number>;
}

const CODECS = ["jpeg", "png"];
/** A picture that does not show what was asked for so long ago is not shown as if it were of now. */
const LATE_MS = 5000;
const WATCH_MS = 250;
/** A scene of these states draws nothing. */
const AWAY = ["starting", "restarting", "failed"];
const ASKED = "asked";

export class StreamCore implements CoreCommands {
  private socket: WebSocket | null = null;
  private url = "";
  private key: { id: string; secret: string } | null = null;
  private codecs = CODECS;
  private name = "";
  /** What this page can show. */
  private shows: Promise<string[]> = decodable().then((videos) => [...CODECS, ...videos]);
  private attempt = 0;
  private n = 0;
  private readonly views = new Map<string, View>();
  private visibleNow = true;
  private readonly silence = new Silence();
  private isResumed = false;
  private sceneIsAway = false;
  private stale = false;
  private stopped = false;
  private timer: ReturnType<typeof setInterval> | null = null;
  private retry: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly tell: (event: CoreEvent) => void) {}

  connect(url: string): void {
    this.url = url;
    this.stopped = false;
    if (this.timer === null) {
      this.timer = setInterval(() => this.watch(), WATCH_MS);
      globalThis.addEventListener?.("online", this.onLine);
    }
    this.begin();
  }

  disconnect(): void {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
    if (this.retry) clearTimeout(this.retry);
    this.timer = this.retry = null;
    globalThis.removeEventListener?.("online", this.onLine);
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
      toldSize: size,
      shown: true,
      wasOpen: false,
      fresh: true,
      oldSince: 0,
      pending: null,
      inputs: new Map(),
      painter: new Painter(
        canvas,
        () => this.codecs,
        (drawn) => this.drawn(view, drawn),
        (error) =>
          this.tell({ event: "notice", text: `A picture could not be read: ${error}`, level: "warning" }),
        (header, codec) => void this.without(codec, header.stream, header.seq),
      ),
    };
    view.painter.resize(size[0], size[1]);
    this.views.set(key, view);
    this.openAll([view]);
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
    this.saySize(view);
  }

  private saySize(view: View): void {
    const { stream, size, dpr, toldSize } = view;
    if (stream === null || (size[0] === toldSize[0] && size[1] === toldSize[1])) return;
    view.toldSize = size;
    this.send("resize", { stream, size, dpr });
  }

  visible(visible: boolean): void {
    if (visible && !this.visibleNow) {
      for (const view of this.views.values()) this.age(view); // nothing has come while it could not be seen
      this.tryNow();
    }
    this.visibleNow = visible;
    for (const view of this.views.values()) this.sayVisible(view);
  }

  show(name: string, visible: boolean): void {
    const view = this.views.get(name);
    if (!view || view.shown === visible) return;
    view.shown = visible;
    if (visible) this.age(view);
    this.sayVisible(view);
  }

  focus(name: string): void {
    const view = this.views.get(name);
    if (view?.stream) this.send("focus", { stream: view.stream });
  }

  set(name: string, patch: Patch, move: Move | null, at?: number): void {
    const view = this.views.get(name);
    if (!view) return;
    if (view.stream === null || this.socket?.readyState !== WebSocket.OPEN || this.stale) {
      view.pending = joined(view.pending ?? {}, patch); // a link that stands still is to carry the newest only, when it goes again
      return;
    }
    view.painter.want(this.count(view, at), move);
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
    this.silence.asked(performance.now());
    return this.n;
  }

  private readonly onLine = () => this.tryNow();

  /** Somebody looks again, or the network is back: do not wait for the pause before the next attempt. */
  private tryNow(): void {
    if (this.retry === null) return;
    this.attempt = 0;
    this.begin();
  }

  private begin(): void {
    if (this.retry) clearTimeout(this.retry);
    this.retry = null;
    this.silence.begin(performance.now());
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
    socket.onmessage = (message) => this.socket === socket && this.hear(message.data);
    socket.onclose = (event) => this.socket === socket && this.lost(event.code, event.reason);
  }

  private lost(code: number, reason: string): void {
    this.socket = null;
    this.silence.end();
    for (const view of this.views.values()) {
      view.inputs.clear();
      this.age(view);
    }
    if (this.stopped || !shouldReconnect(code)) {
      this.tell({ event: "status", status: "closed", reason });
      return;
    }
    this.tell({ event: "status", status: "lost", reason });
    for (const view of this.views.values()) view.stream = null;
    this.retry = setTimeout(() => this.begin(), backoffMs(this.attempt));
    this.attempt += 1;
  }

  private hear(data: string | ArrayBuffer): void {
    this.silence.heard(performance.now());
    if (this.stale) this.sayStale(false);
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
      case "codecs":
        this.codecs = message.codecs;
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
        this.sceneTold(message.scene);
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
        for (const view of this.views.values()) view.inputs.clear(); // what is refused is in no picture
        this.tell({ event: "notice", text: message.message, level: "error" });
        break;
      case "probe":
        if (message.time === undefined)
          this.send("probe", { id: message.id, t: message.t, time: Date.now() / 1000 });
        else if (message.id === ASKED) this.tell({ event: "probe", ms: performance.now() - message.t });
        break;
    }
  }

  /** Have other video or JPEG; what can not be shown is acknowledged, so that it comes. */
  private async without(codec: string, stream: number, seq: number): Promise<void> {
    this.shows = this.shows.then((names) => names.filter((name) => name !== codec));
    this.send("codecs", { codecs: await this.shows });
    this.acknowledge(stream, seq, performance.now(), 1);
  }

  private sceneTold(scene: SceneInfo): void {
    this.sceneIsAway = AWAY.includes(scene.status);
    if (this.sceneIsAway) for (const view of this.views.values()) this.age(view);
    this.tell({ event: "scene", scene });
  }

  /** What is drawn of it may be outdated until the next picture comes. */
  private age(view: View): void {
    view.oldSince = performance.now();
    this.sayFresh(view, false);
  }

  private sayFresh(view: View, fresh: boolean): void {
    if (view.fresh === fresh) return;
    view.fresh = fresh;
    this.tell({ event: "fresh", view: view.key, fresh });
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
    heartbeat: number;
    limits: Record<string, number>;
    scene: SceneInfo;
  }): void {
    this.attempt = 0;
    this.silence.greeted(message.heartbeat * 1000);
    this.isResumed = message.resumed;
    this.key = { id: message.id, secret: message.secret };
    this.codecs = message.codecs;
    for (const view of this.views.values()) view.painter.restart();
    this.tell({ event: "status", status: "open", reason: "" });
    this.tell({ event: "welcome", id: message.id, resumed: message.resumed, limits: message.limits });
    this.sceneTold(message.scene);
    if (!message.resumed) this.openAll([...this.views.values()]);
  }

  private openAll(views: View[]): void {
    if (this.socket?.readyState !== WebSocket.OPEN || !this.key || views.length === 0) return;
    this.silence.asked(performance.now());
    for (const view of views) view.toldSize = view.size;
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
    this.saySize(view); // it may have changed since the view was asked for
    if (view.camera !== message.camera) this.send("camera", { stream: view.stream, camera: view.camera });
    this.tell({
      event: "opened",
      view: view.key,
      state: message.state,
      again: view.wasOpen && !this.isResumed,
    });
    view.wasOpen = true;
    this.sendPending(view);
  }

  private sayVisible(view: View): void {
    if (view.stream !== null)
      this.send("visible", { stream: view.stream, visible: this.visibleNow && view.shown });
  }

  private drawn(view: View, drawn: Drawn): void {
    const { header } = drawn;
    this.acknowledge(header.stream, header.seq, drawn.received, drawn.skipped);
    const now = performance.now();
    if (!this.sceneIsAway && view.stream === header.stream && drawn.received >= view.oldSince)
      this.sayFresh(view, true);
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

  /** Probe while idle; tell when something is expected and nothing has come for long; give up what is dead. */
  private watch(): void {
    const now = performance.now();
    const { probe, stale, dead } = this.silence.look(now, this.socket?.readyState === WebSocket.OPEN);
    if (probe) this.send("probe", { id: "idle", t: now });
    if (dead) this.giveUp();
    for (const view of this.views.values()) {
      const [oldest] = view.inputs.values();
      if (oldest !== undefined && now - oldest > LATE_MS) this.sayFresh(view, false);
    }
    this.sayStale(stale);
  }

  private giveUp(): void {
    const { socket } = this;
    this.lost(1006, "nothing is heard of the server");
    socket?.close();
  }

  private sayStale(stale: boolean): void {
    if (stale === this.stale) return;
    this.stale = stale;
    this.tell({ event: "stale", stale });
    if (stale) return;
    for (const view of this.views.values()) this.sendPending(view);
  }

  private sendPending(view: View): void {
    const { pending } = view;
    if (!pending || view.stream === null) return;
    view.pending = null;
    this.set(view.key, pending, null);
  }

  private send(type: string, fields: object): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.silence.sent(performance.now());
    this.socket.send(JSON.stringify({ type, ...fields }));
  }
}
