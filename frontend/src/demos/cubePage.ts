/** A page with a turning cube whose faces show the newest answer of the server, and a meter of its round trips. */
import { type Asked, PictureLoop } from "./asking";
import { Cube } from "./cube";
import { Meter } from "./meter";
import { byId, drawHistogram, LIVE, sayServer, showFigures } from "./page";

const TURN_PER_S = 0.5; // radians
const KEY_STEP = 0.12;

export interface CubePage {
  /** Address of the next picture; `turns` is how far the cube has turned, 0 to 1 each time round. */
  url(turns: number): string;
  /** Least time between two requests, ms; 0 asks as fast as answers come back. */
  pauseMs: number;
}

export function runCubePage(page: CubePage): void {
  const canvas = byId<HTMLCanvasElement>("cube");
  const figures = byId("figures");
  const meter = new Meter();
  let cube: Cube | null = null;
  let yaw = 0.6;
  let pitch = 0.35;
  let spinning = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  let asked = 0;

  const loop = new PictureLoop(take, (message) => sayServer(message, false));
  const turns = () => (((yaw / (2 * Math.PI)) % 1) + 1) % 1;

  function next(): void {
    if (document.hidden) return;
    asked = performance.now();
    loop.want(page.url(turns()));
  }

  function take({ bitmap, ms }: Asked): void {
    meter.add(ms);
    sayServer(LIVE, true);
    if (cube) cube.show(bitmap);
    else showFlat(canvas, bitmap);
    const rest = page.pauseMs - (performance.now() - asked);
    if (rest > 1) setTimeout(next, rest);
    else next();
  }

  try {
    cube = new Cube(canvas, (lost) => {
      byId("notice").textContent = lost ? "The graphics context was lost; it comes back by itself." : "";
    });
  } catch {
    byId("notice").textContent =
      "This browser shows no WebGL here, so the picture is shown flat. The meter is the same.";
    byId("turning").hidden = true;
  }

  keepSize(canvas);
  steer(canvas, {
    turn: (dx, dy) => {
      yaw += dx;
      pitch = Math.min(Math.max(pitch + dy, -1.5), 1.5);
    },
    toggle: () => setSpinning(!spinning),
  });
  const button = byId<HTMLButtonElement>("spin");
  button.addEventListener("click", () => setSpinning(!spinning));

  function setSpinning(on: boolean): void {
    spinning = on;
    button.textContent = on ? "Stop turning" : "Turn";
    button.setAttribute("aria-pressed", String(on));
  }
  setSpinning(spinning);
  byId("clear").addEventListener("click", () => meter.clear());

  let before = performance.now();
  function frame(now: number): void {
    const elapsed = Math.min(now - before, 100);
    before = now;
    if (spinning) yaw += (TURN_PER_S * elapsed) / 1000;
    cube?.draw(yaw, pitch);
    requestAnimationFrame(frame);
  }
  requestAnimationFrame(frame);

  setInterval(() => {
    showFigures(figures, meter.summary());
    drawHistogram(byId("histogram"), meter.times);
  }, 250);
  document.addEventListener("visibilitychange", next);
  next();
}

/** Without WebGL: the picture as it is, in the middle. */
function showFlat(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  const context = canvas.getContext("2d");
  if (context) {
    const scale = Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height) * 0.9;
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    context.fillStyle = "#edf0f5";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  }
  bitmap.close();
}

/** As many pixels as the screen has for the element. */
function keepSize(canvas: HTMLCanvasElement): void {
  new ResizeObserver(() => {
    const ratio = Math.min(devicePixelRatio, 3);
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  }).observe(canvas);
}

function steer(canvas: HTMLCanvasElement, by: { turn(dx: number, dy: number): void; toggle(): void }): void {
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    by.turn((event.movementX * 3) / canvas.clientWidth, (event.movementY * 3) / canvas.clientHeight);
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) by.turn((step[0] ?? 0) * KEY_STEP, (step[1] ?? 0) * KEY_STEP);
    else if (event.key === " ") by.toggle();
    else return;
    event.preventDefault();
  });
}
