/** What the stream client tells a page, and what it can be told (docs/stream.md). */
import type { Move } from "./painter";
import type {
  CameraKind,
  MarkupPatch,
  MarkupState,
  Member,
  Patch,
  Pose,
  Role,
  SceneInfo,
  Vector3,
  ViewState,
} from "./protocol";

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
  /** `again`: it was open before, on a connection that the server has forgotten. */
  | { event: "opened"; view: string; state: ViewState; again: boolean }
  | { event: "state"; view: string; patch: Patch; mine: boolean; own: boolean }
  | { event: "camera"; view: string; camera: CameraKind; state: ViewState }
  | { event: "picture"; view: string; stats: PictureStats }
  | { event: "markups"; changed: MarkupState[]; gone: string[]; all: boolean }
  | { event: "history"; undo: string[]; redo: string[] }
  | { event: "probe"; ms: number }
  /** Whether nothing is heard of the server though something should be. */
  | { event: "stale"; stale: boolean }
  /** Whether what is drawn of a view is of now, as far as one can know. */
  | { event: "fresh"; view: string; fresh: boolean }
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
  set(view: string, patch: Patch, move: Move | null, at?: number): void;
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
