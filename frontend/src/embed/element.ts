/**
 * `<slicecast-view view="red">`: a view as an element. Attributes: `view` (default red), `server` (default: where this module came
 * from), `own` (a camera of its own), `tools="off"`, `letters="off"`. Events of `View` are dispatched on the element;
 * `element.state` and `element.set(patch)` are those of its view. All elements of one server share one connection.
 */
import { prefixOf } from "../net/place";
import type { Patch, ViewState } from "../net/protocol";
import { type Client, connect, type View } from "./client";

const clients = new Map<string, { client: Client; users: number }>();

function borrow(server: string): Client {
  const shared = clients.get(server) ?? { client: connect(server), users: 0 };
  shared.users += 1;
  clients.set(server, shared);
  return shared.client;
}

function giveBack(server: string): void {
  const shared = clients.get(server);
  if (!shared) return;
  shared.users -= 1;
  if (shared.users > 0) return;
  shared.client.close();
  clients.delete(server);
}

const STYLE = `
:host { display: block; position: relative; min-height: 64px; background: #000; color: #ffe9a8; font: 600 14px system-ui, sans-serif; }
canvas { display: block; width: 100%; height: 100%; outline-offset: -2px; }
:host(.stale) canvas { filter: grayscale(1) brightness(0.5); }
span { position: absolute; pointer-events: none; text-shadow: 0 0 3px #000, 0 0 3px #000; }
.left { left: 6px; top: 50%; translate: 0 -50%; } .right { right: 6px; top: 50%; translate: 0 -50%; }
.top { top: 4px; left: 50%; translate: -50%; } .bottom { bottom: 4px; left: 50%; translate: -50%; }
.wait { inset: auto 0 40% 0; text-align: center; color: #fff; } :host(:not(.stale)) .wait { display: none; }
`;

export class SlicecastView extends HTMLElement {
  static readonly observedAttributes = ["view", "server", "own", "tools", "letters"];
  private view: View | null = null;
  private server = "";

  /** What the view shows, null until the server has told. */
  get state(): ViewState | null {
    return this.view?.state ?? null;
  }

  /** Set values of the view's state. */
  set(patch: Patch): void {
    this.view?.set(patch);
  }

  connectedCallback(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${STYLE}</style><canvas></canvas><span class="wait" role="status">Waiting for the server…</span>
      ${["left", "right", "top", "bottom"].map((edge) => `<span class="${edge}"></span>`).join("")}`;
    const canvas = root.querySelector("canvas") as HTMLCanvasElement;
    const name = this.getAttribute("view") || "red";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Slicecast view ${name}`);
    const server = new URL(this.getAttribute("server") || import.meta.url, document.baseURI);
    this.server = `${server.origin}${prefixOf(server.pathname)}/`;
    const view = borrow(this.server).open(name, canvas, {
      tools: this.getAttribute("tools") !== "off",
      own: this.hasAttribute("own"),
    });
    this.view = view;
    view.addEventListener("state", (event) => this.show((event as CustomEvent<ViewState>).detail));
    view.addEventListener("stale", (event) =>
      this.classList.toggle("stale", (event as CustomEvent<boolean>).detail),
    );
    for (const type of ["state", "picture", "stale"]) {
      view.addEventListener(type, (event) => {
        // A view that has been closed may still say what it held back: nobody's news, and there is no state any more.
        if (this.view === view)
          this.dispatchEvent(new CustomEvent(type, { detail: (event as CustomEvent).detail }));
      });
    }
  }

  disconnectedCallback(): void {
    this.view?.close();
    this.view = null;
    giveBack(this.server);
  }

  attributeChangedCallback(): void {
    if (!this.view) return;
    this.disconnectedCallback();
    this.connectedCallback();
  }

  private show(state: ViewState): void {
    const edges = state.kind === "slice" && this.getAttribute("letters") !== "off" ? state.edges : null;
    for (const edge of ["left", "right", "top", "bottom"] as const) {
      const span = this.shadowRoot?.querySelector(`.${edge}`);
      if (span) span.textContent = edges?.[edge] ?? "";
    }
  }
}

if (!customElements.get("slicecast-view")) customElements.define("slicecast-view", SlicecastView);
