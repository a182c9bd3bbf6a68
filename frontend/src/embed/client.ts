/**
 * Slicecast in any page: one connection, any number of views on canvases of the page's own.
 *
 *     import { connect } from "http://localhost:2016/slicecast-client.js";
 *     const client = connect();
 *     const view = client.open("red", document.querySelector("canvas"));
 *     view.addEventListener("picture", () => console.log(view.state.offset));
 *     view.set({ offset: -100 });
 */

import { type Api, apiOf } from "../net/api/ask";
import { StreamCore } from "../net/core";
import type { CoreEvent, PictureStats, Status } from "../net/events";
import { prefixOf } from "../net/place";
import type { Patch, Pose, SceneInfo, ViewState } from "../net/protocol";
import { ViewModel } from "../view/model";
import { onPixelRatio } from "../view/pixelRatio";
import { attach } from "../view/pointer";

const RESIZE_PAUSE_MS = 100;
const LEAST_PX = 16;

export interface ViewOptions {
  /** Mouse, touch and keys move the view (default true). */
  tools?: boolean;
  /** A camera of its own: what moves this view moves it for nobody else (default false). */
  own?: boolean;
}

/** Events: `state` (detail: the whole state), `picture` (detail: its figures), `stale` (detail: boolean). */
export class View extends EventTarget {
  private readonly model: ViewModel;
  private readonly observer: ResizeObserver;
  private readonly forgetRatio: () => void;
  private readonly detach: () => void = () => {};
  private size: [number, number];
  private timer = 0;
  /** @internal Whether it looks from a camera of its own. */
  own: boolean;
  private silent = false;
  private fresh = true;

  constructor(
    private readonly core: StreamCore,
    /** Name of this view within its client. */
    readonly key: string,
    readonly name: string,
    readonly canvas: HTMLCanvasElement,
    options: ViewOptions,
    private readonly onClose: () => void,
  ) {
    super();
    this.model = new ViewModel(
      (patch, move, at) => core.set(key, patch, move, at),
      (state) => this.tell("state", state),
    );
    this.size = this.measure();
    this.own = options.own === true;
    core.open(key, canvas, this.size, devicePixelRatio, name, this.own ? "own" : "shared");
    this.observer = new ResizeObserver(() => this.resizeSoon());
    this.observer.observe(canvas);
    this.forgetRatio = onPixelRatio(() => this.resizeSoon());
    if (options.tools !== false) {
      if (canvas.tabIndex < 0) canvas.tabIndex = 0;
      canvas.style.touchAction = "none";
      this.detach = attach({
        view: name,
        model: this.model,
        element: canvas,
        size: () => this.size,
        onFocus: () => core.focus(key),
      });
    }
  }

  /** What the view shows, null until the server has told. */
  get state(): ViewState | null {
    return this.model.state;
  }

  /** Set values of the state (docs/stream.md), such as `{offset}`, `{window, level}`, `{camera}`, `{fit: true}`. */
  set(patch: Patch): void {
    this.model.change(patch);
  }

  /** Move the tracked tool, as it is to be seen in this view's pictures; a pose that can not be sent at once is forgotten. */
  track(pose: Pose): void {
    this.core.track(this.key, pose);
  }

  /** Whether pictures are wanted just now. */
  show(visible: boolean): void {
    this.core.show(this.key, visible);
  }

  /** Look around with a camera of its own, from where the view is now, or with the others again. */
  lookAround(own: boolean): void {
    this.own = own;
    this.core.look(this.key, own ? "own" : "shared");
  }

  close(): void {
    this.observer.disconnect();
    this.forgetRatio();
    clearTimeout(this.timer);
    this.detach();
    this.core.close(this.key);
    this.onClose();
  }

  /** @internal An event of the stream about this view. */
  hear(event: CoreEvent): void {
    if (event.event === "opened" || event.event === "camera") this.model.open(event.state);
    else if (event.event === "state") this.model.merge(event.patch, event.mine);
    else if (event.event === "stale" || event.event === "fresh") this.hearAge(event);
    else if (event.event === "picture") this.tell("picture", event.stats satisfies PictureStats);
  }

  private hearAge(event: Extract<CoreEvent, { event: "stale" | "fresh" }>): void {
    const before = this.silent || !this.fresh;
    if (event.event === "stale") this.silent = event.stale;
    else this.fresh = event.fresh;
    const now = this.silent || !this.fresh;
    if (now !== before) this.tell("stale", now);
  }

  /** @internal */
  tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  private measure(): [number, number] {
    const side = (css: number) => Math.max(LEAST_PX, Math.round(css * devicePixelRatio));
    return [side(this.canvas.clientWidth), side(this.canvas.clientHeight)];
  }

  private resizeSoon(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      const size = this.measure();
      if (this.canvas.clientWidth === 0 || (size[0] === this.size[0] && size[1] === this.size[1])) return;
      this.size = size;
      this.core.resize(this.key, size, devicePixelRatio);
    }, RESIZE_PAUSE_MS);
  }
}

/**
 * Events: `status` (detail: connecting, open, lost, closed), `scene` (detail: what the scene holds), `nodes` (detail: what has changed of the
 * tree of nodes: rev and ids, null for anything), `notice` (detail: text).
 */
export class Client extends EventTarget {
  status: Status = "connecting";
  scene: SceneInfo | null = null;
  /** The server's API, such as `client.api("GET /api/nodes", { query: { search: "lung" } })`; its types know every operation. */
  readonly api: Api;
  private readonly core: StreamCore;
  private readonly views = new Map<string, View>();
  private last = 0;
  private readonly onVisibility = () => this.core.visible(!document.hidden);

  constructor(server: URL) {
    super();
    this.api = apiOf(server);
    this.core = new StreamCore((event) => this.hear(event));
    const url = new URL(`${prefixOf(server.pathname)}/stream`, server);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.core.connect(url.href);
    document.addEventListener("visibilitychange", this.onVisibility);
    this.onVisibility();
  }

  /** Show a view (`red`, `yellow`, `green`, `1`, …) on a canvas, which it then belongs to. */
  open(name: string, canvas: HTMLCanvasElement, options: ViewOptions = {}): View {
    this.last += 1;
    const key = `${name}#${this.last}`;
    const view = new View(this.core, key, name, canvas, options, () => this.views.delete(key));
    this.views.set(key, view);
    return view;
  }

  close(): void {
    for (const view of [...this.views.values()]) view.close();
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.core.disconnect();
  }

  private hear(event: CoreEvent): void {
    switch (event.event) {
      case "status":
        this.status = event.status;
        this.dispatchEvent(new CustomEvent("status", { detail: event.status }));
        break;
      case "scene":
        this.scene = event.scene;
        this.dispatchEvent(new CustomEvent("scene", { detail: event.scene }));
        break;
      case "nodes":
        this.dispatchEvent(new CustomEvent("nodes", { detail: { rev: event.rev, ids: event.ids } }));
        break;
      case "notice":
        this.dispatchEvent(new CustomEvent("notice", { detail: event.text }));
        break;
      case "stale":
        for (const view of this.views.values()) view.hear(event);
        break;
      case "state":
        if (event.own) this.views.get(event.view)?.hear(event);
        else {
          for (const view of this.views.values()) {
            if (!view.own && sameView(view.name, event.view)) view.hear(event);
          }
        }
        break;
      case "opened":
      case "camera":
      case "fresh":
      case "picture":
        this.views.get(event.view)?.hear(event);
        break;
    }
  }
}

const ALIASES: Record<string, string> = {
  axial: "red",
  sagittal: "yellow",
  coronal: "green",
  threed: "1",
  "3d": "1",
  view1: "1",
};

/** Whether two names mean the same view. */
export function sameView(a: string, b: string): boolean {
  const key = (name: string) => ALIASES[name.toLowerCase()] ?? name.toLowerCase();
  return key(a) === key(b);
}

/** Connect to a Slicecast server; without an address to the one that this module came from. */
export function connect(server: string | URL = import.meta.url): Client {
  return new Client(new URL(server, location.href));
}
