/** Links that reproduce a view: making one, and opening one. */
import type { Answer } from "../../net/api/ask";
import type { Patch } from "../../net/protocol";
import { SHARE } from "../../ui/panels/share/texts";
import { api } from "../data/nodes";
import { change, maximized, scene, states, toast } from "../store";
import { setAlone } from "./people";

const POSE = ["orientation", "slice_to_ras", "fov", "camera"];
export type SharedView = Answer<"GET /api/shared-views/{id}">;

/** Keep what is seen now and give its link. */
export async function makeLink(title: string): Promise<string> {
  const body = { title, maximized: maximized.peek() ?? "" };
  const { path } = await api("POST /api/shared-views", { body });
  return new URL(path, location.href).href;
}

/** Show a shared view to everybody in the session. */
export async function showToAll(id: string): Promise<void> {
  try {
    const done = await api("POST /api/shared-views/{id}", { path: { id }, body: undefined as never });
    shown(done.title, done.maximized, done.missing);
  } catch (error) {
    notShown(error);
  }
}

/** Look from where a shared view looks, with cameras of one's own. */
export async function showToMe(id: string): Promise<void> {
  try {
    const view = await api("GET /api/shared-views/{id}", { path: { id } });
    setAlone(true);
    const views = (view.look as { views?: Record<string, Patch> }).views ?? {};
    for (const [name, patch] of Object.entries(views)) {
      if (!scene.peek().views.includes(name) || !states(name).peek()) continue;
      const pose = Object.fromEntries(Object.entries(patch).filter(([field]) => POSE.includes(field)));
      change(name, pose);
    }
    shown(view.title ?? "", view.maximized ?? "", []);
  } catch (error) {
    notShown(error);
  }
}

function shown(title: string, alone: string, missing: string[]): void {
  maximized.value = alone || null;
  toast(SHARE.opened(title));
  if (missing.length) toast(SHARE.missing(missing.slice(0, 5).join(", ")), "warning");
}

function notShown(error: unknown): void {
  toast(SHARE.notOpened(error instanceof Error ? error.message : String(error)), "error");
}
