/** Who else is in the session, where they point, and telling them where we do. */
import { effect, signal } from "@preact/signals";
import type { Vector3, ViewState } from "../../net/protocol";
import { PEOPLE } from "../../ui/panels/share/texts";
import { intercept } from "../../view/interceptors";
import { pointAt } from "../../view/places3d";
import { unproject } from "../../view/slice";
import { isString, kept } from "../kept";
import { lastPresence, lookAlone, members, models, myId, scene, stream, toast, VIEWS } from "../store";

const TELL_EVERY_MS = 60;
const FADES_MS = 8000;
const COLORS = ["#ff7ab6", "#5ad1e6", "#ffb347", "#9be06a", "#c39bff", "#ff8d7a", "#7fb2ff", "#e6d85a"];

export interface Pointer {
  view: string;
  point: Vector3;
  at: number;
}

export const myName = kept("name", "", isString);
/** Where others point, by who they are. */
export const pointers = signal<Record<string, Pointer>>({});

export const me = () => members.value.find((member) => member.id === myId.value);
export const others = () => members.value.filter((member) => member.id !== myId.value);

/** How somebody is called: people without a name by their place in the list. */
export function nameOf(id: string): string {
  const index = members.value.findIndex((member) => member.id === id);
  return members.value[index]?.name || PEOPLE.unnamed(index + 1);
}

export function colorOf(id: string): string {
  const index = members.value.findIndex((member) => member.id === id);
  return COLORS[Math.max(index, 0) % COLORS.length] as string;
}

export function rename(name: string): void {
  myName.value = name;
  stream.introduce(name);
}

/** Look around with cameras of one's own in every view, or with the others again. */
export function setAlone(alone: boolean): void {
  lookAlone.value = alone;
  const views = new Set([...VIEWS, ...scene.peek().views]);
  for (const view of views) if (models(view).state) stream.look(view, alone ? "own" : "shared");
}

/** The point of the patient under a spot of a view; `size` of the view in device pixels. */
export function pointUnder(
  state: ViewState,
  size: [number, number],
  spot: { x: number; y: number },
): Vector3 {
  return state.kind === "slice"
    ? unproject(state, size, spot)
    : pointAt(state.camera, size[0] / size[1], spot);
}

let toldAt = 0;
let timer = 0;

/** Tell the others, often enough to follow and no more; the last place always gets through. */
function tell(view: string, point: Vector3 | null): void {
  clearTimeout(timer);
  const wait = toldAt + TELL_EVERY_MS - performance.now();
  const send = () => {
    toldAt = performance.now();
    stream.point(view, point);
  };
  if (wait <= 0) send();
  else timer = window.setTimeout(send, wait);
}

intercept({
  hover(surface, spot) {
    const { state } = surface.model;
    if (!state || members.peek().length < 2 || me()?.role === "watch") return;
    tell(surface.view, spot && pointUnder(state, surface.size(), spot));
  },
});

effect(() => {
  const event = lastPresence.value;
  if (!event) return;
  const { [event.who]: _gone, ...left } = pointers.peek();
  pointers.value = event.point
    ? { ...left, [event.who]: { view: event.view, point: event.point, at: Date.now() } }
    : left;
});

effect(() => {
  const here = new Set(members.value.map((member) => member.id));
  const left = Object.entries(pointers.peek()).filter(([who]) => here.has(who));
  pointers.value = Object.fromEntries(left);
});

setInterval(() => {
  const now = Date.now();
  const fresh = Object.entries(pointers.peek()).filter(([, pointer]) => now - pointer.at < FADES_MS);
  if (fresh.length < Object.keys(pointers.peek()).length) pointers.value = Object.fromEntries(fresh);
}, 1000);

let lastRole = "steer";

/** Who may not steer any more can still look around, and is told so. */
effect(() => {
  const role = me()?.role;
  if (!role || role === lastRole) return;
  if (role !== "steer" && !lookAlone.peek()) {
    setAlone(true);
    toast(PEOPLE.nowAlone);
  } else if (role === "steer" && lastRole !== "steer") {
    setAlone(false);
    toast(PEOPLE.nowSteering);
  }
  lastRole = role;
});
