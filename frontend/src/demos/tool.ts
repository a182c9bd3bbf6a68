/**
 * A tracked tool moved by the pointer: its poses go to the server at their own rate, the page draws the tool at once, and the
 * 3D view streams back with the tool in it.
 */
import type { Vector3 } from "../net/protocol";
import { add, scale } from "../view/vectors";
import { ask, NoAnswer } from "./asking";
import { Meter } from "./meter";
import { byId, milliseconds } from "./page";
import { axesOf, depthInFront, pointAt, project } from "./projection";
import { about, fromAxes, IDENTITY, type Quaternion, rotate, times } from "./rotation";
import { StreamView } from "./streamView";

const TICK_MS = 8; // of a tracker that runs at 125 poses a second
const BOX_MM: Vector3 = [30, 70, 5]; // Slicer's cursor
const TURN = Math.PI / 24;
const MOVE = 0.02; // of the view, for a key

const surface = byId("surface");
const overlay = byId<HTMLCanvasElement>("overlay");
const way = byId<HTMLSelectElement>("way");
const sent = new Meter(400);
const ages = new Meter(200);
const pictures = new Meter(200);
const round = new Meter(200);

/** Where the tool is, in the view: fractions from the top left, and mm beyond the plane in front of everything. */
const place = { x: 0.5, y: 0.5, depth: 0 };
let attitude: Quaternion = IDENTITY; // relative to the view: flat on the screen
let circling = false;
let changed = true;
let asking = false;
let told = "";
let frozen: { bounds: number[] | null; key: string } = { bounds: null, key: "" };

const view = new StreamView("1", surface, {
  picture(stats) {
    pictures.add(0);
    if (stats.ageMs !== null) ages.add(stats.ageMs);
  },
  state: () => {
    changed = true;
  },
  resized: () => {
    changed = true;
  },
});

function camera() {
  return view.state?.kind === "threeD" ? view.state.camera : null;
}

/** Bounds as they were when the camera last moved: they grow with the tool, and its plane must not run after it. */
function bounds(): number[] | null {
  if (view.state?.kind !== "threeD") return null;
  const key = JSON.stringify(view.state.camera);
  if (key !== frozen.key || !frozen.bounds) frozen = { bounds: view.state.bounds, key };
  return frozen.bounds;
}

function pose(): { position: Vector3; quaternion: Quaternion } | null {
  const from = camera();
  if (!from) return null;
  const [width, height] = view.size;
  const depth = Math.max(20, depthInFront(from, bounds()) + place.depth);
  const { right, up, forward } = axesOf(from);
  return {
    position: pointAt(from, view.size, place.x * width, place.y * height, depth),
    quaternion: times(fromAxes(right, up, scale(forward, -1)), attitude),
  };
}

function tick(): void {
  if (circling) {
    const turn = performance.now() / 1000;
    place.x = 0.5 + 0.3 * Math.cos(turn);
    place.y = 0.5 + 0.3 * Math.sin(turn);
    changed = true;
  }
  if (!changed || !view.live) return;
  const now = pose();
  const key = JSON.stringify(now);
  if (!now || key === told) return; // a state came that moved nothing of ours
  if (way.value === "http") {
    if (asking) return; // the newest goes as soon as the one under way is answered
    void sendByHttp(now);
  } else {
    view.client.track("1", now);
    sent.add(0);
  }
  changed = false;
  told = key;
}

async function sendByHttp({ position, quaternion }: NonNullable<ReturnType<typeof pose>>): Promise<void> {
  asking = true;
  const begun = performance.now();
  try {
    await ask(`/slicer/tracking?p=${position.map(short)}&q=${quaternion.map(short)}`);
    sent.add(0);
    round.add(performance.now() - begun);
  } catch (error) {
    byId("notice").textContent = error instanceof NoAnswer ? error.message : "";
    told = "";
    changed = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  asking = false;
}

const short = (value: number) => value.toFixed(4);

// -- drawing ------------------------------------------------------------------------------------------------------------

/** The edges of the tool, as pairs of corners numbered by bits. */
const EDGES = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((corner) =>
  [1, 2, 4].filter((bit) => !(corner & bit)).map((bit) => [corner, corner | bit] as const),
);

function draw(): void {
  requestAnimationFrame(draw);
  const [width, height] = view.size;
  if (overlay.width !== width || overlay.height !== height) {
    overlay.width = width;
    overlay.height = height;
  }
  const context = overlay.getContext("2d");
  const from = camera();
  const now = pose();
  if (!context) return;
  context.clearRect(0, 0, width, height);
  if (!from || !now) return;
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((corner) => {
    const local = BOX_MM.map((side, axis) => ((corner >> axis) & 1 ? side / 2 : -side / 2)) as Vector3;
    return project(from, view.size, add(now.position, rotate(now.quaternion, local)));
  });
  context.beginPath();
  for (const [a, b] of EDGES) {
    const [start, end] = [corners[a], corners[b]];
    if (!start || !end) continue;
    context.moveTo(start.x, start.y);
    context.lineTo(end.x, end.y);
  }
  context.lineWidth = 4 * devicePixelRatio;
  context.strokeStyle = "rgb(0 0 0 / 60%)";
  context.stroke();
  context.lineWidth = 1.6 * devicePixelRatio;
  context.strokeStyle = "#fff36b";
  context.stroke();
}

function showNumbers(): void {
  const age = ages.summary();
  const fresh = ages.times.length > 0 && view.live;
  byId("rate").textContent = String(Math.round(sent.summary().perSecond));
  byId("count").textContent = String(sent.summary().count);
  byId("pictures").textContent = String(Math.round(pictures.summary().perSecond));
  const http = way.value === "http";
  byId("age-label").textContent = http ? "round trip, p50" : "pose to picture, p50";
  byId("age").textContent = http ? milliseconds(round.summary().p50) : fresh ? milliseconds(age.p50) : "–";
  byId("age95").textContent = milliseconds(http ? round.summary().p95 : fresh ? age.p95 : null);
  const at = pose()?.position;
  byId("where").textContent = at
    ? `${Math.abs(at[0]).toFixed(0)} ${at[0] < 0 ? "L" : "R"}  ${Math.abs(at[1]).toFixed(0)} ${at[1] < 0 ? "P" : "A"}  ${Math.abs(at[2]).toFixed(0)} ${at[2] < 0 ? "I" : "S"} mm`
    : "–";
}

// -- input --------------------------------------------------------------------------------------------------------------

function turn(axis: Vector3, angle: number): void {
  attitude = times(about(axis, angle), attitude);
  changed = true;
}

function deeper(mm: number): void {
  place.depth = Math.min(Math.max(place.depth + mm, -200), 600);
  changed = true;
}

function setCircling(on: boolean): void {
  circling = on;
  byId("circle").setAttribute("aria-pressed", String(on));
}

surface.addEventListener("pointermove", (event) => {
  if (circling) return;
  const box = surface.getBoundingClientRect();
  place.x = (event.clientX - box.left) / box.width;
  place.y = (event.clientY - box.top) / box.height;
  changed = true;
});
surface.addEventListener("pointerdown", (event) => {
  setCircling(false);
  if (event.pointerType === "touch") surface.setPointerCapture(event.pointerId);
});
surface.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    deeper(-Math.sign(event.deltaY) * 10);
  },
  { passive: false },
);

const KEYS: Record<string, () => void> = {
  a: () => turn([0, 1, 0], -TURN),
  d: () => turn([0, 1, 0], TURN),
  w: () => turn([1, 0, 0], -TURN),
  s: () => turn([1, 0, 0], TURN),
  q: () => turn([0, 0, 1], TURN),
  e: () => turn([0, 0, 1], -TURN),
  r: () => {
    attitude = IDENTITY;
    place.depth = 0;
  },
  c: () => setCircling(!circling),
  PageUp: () => deeper(10),
  PageDown: () => deeper(-10),
  ArrowLeft: () => shift(-MOVE, 0),
  ArrowRight: () => shift(MOVE, 0),
  ArrowUp: () => shift(0, -MOVE),
  ArrowDown: () => shift(0, MOVE),
};

function shift(right: number, down: number): void {
  setCircling(false);
  place.x = Math.min(Math.max(place.x + right, 0), 1);
  place.y = Math.min(Math.max(place.y + down, 0), 1);
}

surface.addEventListener("keydown", (event) => {
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
  action();
  changed = true;
  event.preventDefault();
});

byId("circle").addEventListener("click", () => setCircling(!circling));
way.addEventListener("change", () => {
  for (const meter of [sent, ages, round]) meter.clear();
  byId("notice").textContent = "";
  told = "";
  changed = true;
});
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-look]"))
  button.addEventListener("click", () => view.set({ look_from: button.dataset.look }));
byId("reset").addEventListener("click", () => view.set({ reset: true }));

setInterval(tick, TICK_MS);
setInterval(showNumbers, 250);
requestAnimationFrame(draw);

/** For tests and the curious. */
Object.assign(window, {
  tool: { pose, size: () => view.size, sent: () => sent.summary().count, live: () => view.live },
});
