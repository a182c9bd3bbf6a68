/** How long things take between this page and the server: requests, slices, probes, streamed pictures. */
import type { SliceState } from "../net/protocol";
import { ask } from "./asking";
import { Meter } from "./meter";
import { byId, drawHistogram, milliseconds, showFigures } from "./page";
import { StreamView } from "./streamView";

const SAMPLES = 100;
const SIDE = 512;
const TIMEOUT_MS = 8000;
const SPAN_MM = 8; // slices move this far to each side

let gotPicture: (ageMs: number) => void = () => {};
let gotProbe: (ms: number) => void = () => {};
const view = new StreamView(
  "Red",
  byId("surface"),
  {
    picture: (stats) => stats.ageMs !== null && gotPicture(stats.ageMs),
    probe: (ms) => gotProbe(ms),
  },
  [SIDE, SIDE],
);

const slice = () => (view.state?.kind === "slice" ? (view.state as SliceState) : null);

/** An offset near `middle` that has not been asked for lately, so that every picture is made anew. */
const near = (middle: number, step: number) =>
  middle + SPAN_MM * Math.sin(step * 0.61803 * 2 * Math.PI) + step * 1e-3;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function within<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([
    promise,
    new Promise<never>((_, fail) =>
      setTimeout(() => fail(new Error("nothing came back in time")), TIMEOUT_MS),
    ),
  ]);
}

async function picture(url: string): Promise<void> {
  const response = await ask(url, { cache: "no-store" });
  const bitmap = await createImageBitmap(await response.blob());
  bitmap.close();
}

interface Test {
  id: string;
  name: string;
  /** One measurement, ms. `middle` is where the slice stood at first. */
  once(step: number, middle: number): Promise<number>;
}

const TESTS: Test[] = [
  {
    id: "time",
    name: "HTTP /timeimage, asked to decoded",
    once: (step) => timed(() => picture(`/timeimage?t=${step}`)),
  },
  {
    id: "slice",
    name: `HTTP /slice ${SIDE} × ${SIDE} JPEG, asked to decoded`,
    once: (step, middle) =>
      timed(() => picture(`/slice?view=red&size=${SIDE}&fmt=jpeg&offset=${near(middle, step).toFixed(4)}`)),
  },
  {
    id: "probe",
    name: "Stream probe, there and back",
    once: () =>
      new Promise((done) => {
        gotProbe = done;
        view.client.probe();
      }),
  },
  {
    id: "stream",
    name: `Stream slice ${SIDE} × ${SIDE}, change to drawn`,
    once: (step, middle) =>
      new Promise((done) => {
        gotPicture = done;
        view.set({ offset: near(middle, step) });
      }),
  },
];

const meters = new Map(TESTS.map((test) => [test.id, new Meter(SAMPLES * 10)]));
const meterOf = (test: Test) => meters.get(test.id) ?? new Meter();
const start = byId<HTMLButtonElement>("start");
const copy = byId<HTMLButtonElement>("copy");
const say = (text: string) => {
  byId("notice").textContent = text;
};
let stop = false;

function show(test: Test): void {
  const row = byId(`row-${test.id}`);
  const meter = meterOf(test);
  showFigures(row, meter.summary());
  drawHistogram(row.querySelector(".histogram") as HTMLElement, meter.times);
}

async function measure(test: Test, middle: number): Promise<void> {
  const row = byId(`row-${test.id}`);
  row.dataset.running = "true";
  try {
    await within(test.once(0, middle)); // the first sets things up
    for (let step = 1; step <= SAMPLES && !stop; step += 1) {
      meterOf(test).add(await within(test.once(step, middle)));
      if (step % 5 === 0) show(test);
      await new Promise(requestAnimationFrame); // as a page that draws would
    }
  } finally {
    delete row.dataset.running;
    show(test);
  }
}

async function run(): Promise<void> {
  const before = slice();
  if (!before || !view.live) {
    say("The server is not ready yet.");
    return;
  }
  for (const meter of meters.values()) meter.clear();
  stop = false;
  start.textContent = "Stop";
  copy.disabled = true;
  say("Measuring. The axial slice moves a little meanwhile, for everybody who looks at it.");
  try {
    for (const test of TESTS) if (!stop) await measure(test, before.offset);
    say(stop ? "Stopped." : "Done. The slice is back where it was.");
    copy.disabled = stop;
  } catch (error) {
    say(`Not measured: ${error instanceof Error ? error.message : error}`);
  } finally {
    view.set({ offset: before.offset });
    start.textContent = "Measure";
  }
}

/** The result as a table that reads well as text and as Markdown. */
function report(): string {
  const rows = TESTS.map((test) => {
    const { count, p50, p95, max } = meterOf(test).summary();
    return `| ${test.name} | ${count} | ${milliseconds(p50)} | ${milliseconds(p95)} | ${milliseconds(max)} |`;
  });
  return [
    `Slicecast latency, ${new Date().toISOString()}, ${location.host}`,
    navigator.userAgent,
    "",
    "| measured | times | p50 | p95 | max |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

async function copyReport(): Promise<void> {
  const text = byId<HTMLTextAreaElement>("report");
  text.value = report();
  text.hidden = false;
  try {
    await navigator.clipboard.writeText(text.value);
    say("Copied.");
  } catch {
    text.focus();
    text.select(); // pages that come over plain http from another machine may not write to the clipboard
    say("Press Ctrl+C (or ⌘C) to copy.");
  }
}

start.addEventListener("click", () => {
  if (start.textContent === "Stop") stop = true;
  else void run();
});
copy.addEventListener("click", () => void copyReport());
for (const test of TESTS) {
  byId(`name-${test.id}`).textContent = test.name;
  show(test);
}
