/** A phone as the tracked tool: its orientation turns the cursor in the 3D view. A pad stands in where there is no phone. */
import type { Vector3 } from "../net/protocol";
import { add, scale } from "../view/vectors";
import { ask, NoAnswer } from "./asking";
import { Meter } from "./meter";
import { byId, milliseconds } from "./page";
import { axesOf, depthInFront } from "./projection";
import { fromPhone, rotate } from "./rotation";
import { StreamView } from "./streamView";

interface Angles {
  alpha: number;
  beta: number;
  gamma: number;
}

/** Safari on iPhones has this, other browsers need no permission. */
type WithPermission = typeof DeviceOrientationEvent & {
  requestPermission?: () => Promise<"granted" | "denied">;
};

const KEY_STEP = 5; // degrees
const UPRIGHT: Angles = { alpha: 0, beta: 60, gamma: 0 };

const pad = byId("pad");
const phone = byId("phone");
const form = byId<HTMLSelectElement>("form");
const meter = new Meter(300);
let angles: Angles = { ...UPRIGHT };
let heading = 0; // the phone's alpha that counts as pointing into the screen
let source: "pad" | "phone" = "pad";
let asking = false;
let wanted = true;

let told = "";

const view = new StreamView("1", byId("surface"), {
  state: () => {
    wanted = true; // the camera may have moved, and with it what is ahead
  },
});

/** The heading, degrees from anterior, that points into the screen: what lies before the user is before the phone's top. */
function intoScreen(): number {
  if (view.state?.kind !== "threeD") return 0;
  const { forward, up } = axesOf(view.state.camera);
  const ahead = Math.hypot(forward[0], forward[1]) > 0.3 ? forward : up;
  return (Math.atan2(-ahead[0], ahead[1]) * 180) / Math.PI;
}

/** What is sent: the phone's angles, turned about the vertical so that the view's depth is ahead. */
function sentAngles(): Angles {
  return { ...angles, alpha: angles.alpha - heading + intoScreen() };
}

/** In front of what is shown, in the middle of the view. */
function position(): Vector3 | null {
  if (view.state?.kind !== "threeD") return null;
  const { camera, bounds } = view.state;
  return add(camera.position, scale(axesOf(camera).forward, depthInFront(camera, bounds)));
}

function address(place: Vector3): string {
  const { alpha, beta, gamma } = sentAngles();
  if (form.value === "eulers")
    return `/slicer/eulers?angles=${[alpha, beta, gamma].map((v) => v.toFixed(2))}`;
  const q = fromPhone(alpha, beta, gamma).map((v) => v.toFixed(5));
  return `/slicer/tracking?p=${place.map((v) => v.toFixed(2))}&q=${q}`;
}

/** One request at a time; the newest orientation goes next, and one that the server has already does not. */
async function send(): Promise<void> {
  const place = position();
  if (!wanted || asking || !view.live || !place) return;
  wanted = false;
  const url = address(place);
  if (url === told) return;
  asking = true;
  const begun = performance.now();
  try {
    await ask(url);
    told = url;
    meter.add(performance.now() - begun);
    byId("notice").textContent = "";
  } catch (error) {
    byId("notice").textContent = error instanceof NoAnswer ? error.message : String(error);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    wanted = true;
  }
  asking = false;
}

function take(next: Angles, from: "pad" | "phone"): void {
  angles = next;
  if (source !== from) {
    source = from;
    byId("source").textContent = from === "phone" ? "this device" : "the pad";
    if (from === "phone") heading = next.alpha;
  }
  wanted = true;
}

// -- the phone ----------------------------------------------------------------------------------------------------------

const say = (text: string) => {
  byId("motion").textContent = text;
};
const NO_SENSOR_MS = 1500;

addEventListener("deviceorientation", (event) => {
  if (event.alpha === null || event.beta === null || event.gamma === null) return; // a desktop says so once
  if (source !== "phone") say("Turn the device.");
  take({ alpha: event.alpha, beta: event.beta, gamma: event.gamma }, "phone");
  byId("allow").hidden = true;
});

/** Ask for the orientation as this browser wants to be asked, and say how it stands. */
function offer(): void {
  const kind = window.DeviceOrientationEvent as WithPermission | undefined;
  const allow = byId<HTMLButtonElement>("allow");
  if (!kind) say("This browser knows no orientation of the device; use the pad.");
  else if (!isSecureContext)
    say(
      "Browsers tell a device's orientation only to pages that come over https or from the machine itself; use the pad.",
    );
  else if (kind.requestPermission) {
    allow.hidden = false;
    say("This browser wants to be asked for the device's orientation. Or use the pad.");
    allow.addEventListener("click", () => void permit(kind));
  } else expectEvents();
}

async function permit(kind: WithPermission): Promise<void> {
  try {
    const answer = await kind.requestPermission?.();
    if (answer === "granted") expectEvents();
    else say("Not allowed. To be asked again, close this tab and open the page anew; or use the pad.");
  } catch {
    say("The browser did not ask. Press the button itself; or use the pad.");
  }
}

function expectEvents(): void {
  say("Turn the device, or use the pad.");
  setTimeout(() => {
    if (source !== "phone") say("This device tells no orientation; use the pad.");
  }, NO_SENSOR_MS);
}

// -- the pad ------------------------------------------------------------------------------------------------------------

const wrap = (value: number) => ((((value + 180) % 360) + 360) % 360) - 180;

function nudge(alpha: number, beta: number, gamma: number): void {
  take(
    {
      alpha: wrap(angles.alpha + alpha),
      beta: wrap(angles.beta + beta),
      gamma: Math.min(Math.max(angles.gamma + gamma, -90), 90),
    },
    "pad",
  );
}

pad.addEventListener("pointerdown", (event) => pad.setPointerCapture(event.pointerId));
pad.addEventListener("pointermove", (event) => {
  if (!pad.hasPointerCapture(event.pointerId)) return;
  const [x, y] = [(event.movementX * 180) / pad.clientWidth, (event.movementY * 180) / pad.clientHeight];
  if (event.shiftKey) nudge(0, 0, x);
  else nudge(-x, -y, 0);
});
pad.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    nudge(0, 0, Math.sign(event.deltaY) * KEY_STEP);
  },
  { passive: false },
);
pad.addEventListener("keydown", (event) => {
  const step = {
    ArrowLeft: [1, 0, 0],
    ArrowRight: [-1, 0, 0],
    ArrowUp: [0, 1, 0],
    ArrowDown: [0, -1, 0],
    q: [0, 0, -1],
    e: [0, 0, 1],
  }[event.key];
  if (!step) return;
  nudge(...(step.map((v) => v * KEY_STEP) as [number, number, number]));
  event.preventDefault();
});
byId("ahead").addEventListener("click", () => {
  heading = angles.alpha;
  wanted = true;
});
byId("upright").addEventListener("click", () => {
  heading = 0;
  take({ ...UPRIGHT }, "pad");
});
form.addEventListener("change", () => {
  wanted = true;
});
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-look]"))
  button.addEventListener("click", () => view.set({ look_from: button.dataset.look }));

// -- showing ------------------------------------------------------------------------------------------------------------

/** The phone drawn with CSS as its user sees it: x to the right, y up, z to the user; the earth's north is into the screen. */
function drawPhone(): void {
  const q = fromPhone(angles.alpha - heading, angles.beta, angles.gamma);
  const seen = (v: Vector3): Vector3 => {
    const [east, north, high] = rotate(q, v);
    return [east, high, -north];
  };
  const [x, y, z] = [seen([1, 0, 0]), seen([0, 1, 0]), seen([0, 0, 1])];
  // CSS has y downwards: mirrored on both sides of the matrix.
  const m = [x[0], -x[1], x[2], 0, -y[0], y[1], -y[2], 0, z[0], -z[1], z[2], 0, 0, 0, 0, 1];
  phone.style.transform = `rotateX(-20deg) matrix3d(${m.map((v) => v.toFixed(5)).join(",")})`;
}

function show(): void {
  requestAnimationFrame(show);
  drawPhone();
  void send();
}

setInterval(() => {
  const { perSecond, p50, count } = meter.summary();
  byId("angles").textContent =
    `alpha ${angles.alpha.toFixed(0)}°, beta ${angles.beta.toFixed(0)}°, gamma ${angles.gamma.toFixed(0)}°`;
  byId("rate").textContent = String(Math.round(perSecond));
  byId("count").textContent = String(count);
  byId("round").textContent = milliseconds(p50);
}, 250);
offer();
requestAnimationFrame(show);

/** For tests and the curious. */
Object.assign(window, { phone: { angles: () => angles, sent: () => meter.summary().count } });
