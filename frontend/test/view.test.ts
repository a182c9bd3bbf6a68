import { describe, expect, it, vi } from "vitest";
import { backoffMs, shouldReconnect } from "../src/net/backoff";
import { fitted, Painter, predicted } from "../src/net/painter";
import type { CameraState, PictureHeader, SliceState } from "../src/net/protocol";
import { Ages } from "../src/state/ages";
import { arrange, FOUR_UP } from "../src/state/layouts";
import { perView } from "../src/state/perView";
import { pan as panCamera, rotate, zoom as zoomCamera } from "../src/view/camera";
import { pan, rectOf, scroll, WheelSteps, windowed, zoom } from "../src/view/slice";

const axial: SliceState = {
  kind: "slice",
  color: "#F34A33",
  orientation: "Axial",
  offset: 10,
  offset_range: [0, 20],
  offset_step: 2,
  slice_to_ras: [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 10, 0, 0, 0, 1],
  origin: [0, 0, 10],
  fov: [200, 200],
  window: 400,
  level: 40,
  scalar_range: [-1000, 1000],
  background: null,
  foreground: null,
  foreground_opacity: 0,
  label: null,
  label_opacity: 1,
  slab: { mode: "off", thickness: 1 },
  linked: false,
  voxel_mm: [1, 1],
  crosshair: [0, 0, 0],
  edges: { left: "R", right: "L", top: "A", bottom: "P" },
};
const camera: CameraState = {
  position: [0, 500, 0],
  focal_point: [0, 0, 0],
  view_up: [0, 0, 1],
  view_angle: 30,
};

describe("slices", () => {
  it("scroll by whole slices and stay in the volume", () => {
    expect(scroll(axial, 2).offset).toBe(14);
    expect(scroll(axial, -99).offset).toBe(0);
  });

  it("pan with the pointer: dragging right shows what lies left of the patient's picture", () => {
    // Screen right is patient left, so a drag of 50 px to the right moves the centre 50 mm to patient right.
    expect(pan(axial, 50, 0, [200, 200]).origin).toEqual([50, 0, 10]);
    expect(pan(axial, 0, 50, [200, 200]).origin).toEqual([0, 50, 10]);
  });

  it("predict a pan where the next picture will show it", () => {
    const before = rectOf(axial, [200, 200]);
    const after = rectOf({ ...axial, ...pan(axial, 50, 20, [200, 200]) }, [200, 200]);
    const { zoom: z, dx, dy } = predicted(before, after);
    expect([z, dx * 200, dy * 200]).toEqual([1, 50, 20]);
  });

  it("zoom and predict it", () => {
    const after = { ...axial, ...zoom(axial, 2) };
    expect(after.fov).toEqual([100, 100]);
    expect(predicted(rectOf(axial, [200, 200]), rectOf(after, [200, 200])).zoom).toBe(2);
  });

  it("window to the right, brighten upwards", () => {
    const wider = windowed(axial, 0.1, 0.1);
    expect(wider?.window).toBeGreaterThan(400);
    expect(wider?.level).toBeLessThan(40);
    expect(windowed({ ...axial, window: null }, 1, 1)).toBeNull();
  });

  it("wheel steps keep their remainder", () => {
    const wheel = new WheelSteps();
    expect(wheel.take(-60, 0)).toBe(0);
    expect(wheel.take(-60, 0)).toBe(1);
    expect(wheel.take(3, 1)).toBe(0);
    expect(new WheelSteps().take(400, 0)).toBe(-4);
  });
});

describe("painter", () => {
  it("keeps the shape of a picture that was made for another size", () => {
    expect(fitted([300, 225], [400, 300])).toEqual([400, 300]); // coded smaller, for a link that is slow
    expect(fitted([301, 225], [400, 300])).toEqual([400, 300]);
    expect(fitted([400, 300], [300, 300])).toEqual([400, 300]); // its sides are out of sight
    const [width, height] = fitted([400, 300], [200, 600]);
    expect(width / height).toBeCloseTo(4 / 3);
  });

  it("draws the first picture of a frame at once and the rest with the next", () => {
    const frames: (() => void)[] = [];
    vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
    const context = { fillRect: () => {}, drawImage: () => {} };
    const canvas = { width: 8, height: 8, getContext: () => context } as unknown as HTMLCanvasElement;
    const drawn: number[] = [];
    const painter = new Painter(
      canvas,
      () => ["jpeg"],
      ({ header }) => drawn.push(header.seq),
      () => {},
      () => {},
    );
    const come = (seq: number) => painter.confirm({ seq, n: seq } as PictureHeader, 0);
    come(1);
    expect(drawn).toEqual([1]);
    come(2);
    come(3);
    expect(drawn).toEqual([1]);
    frames.shift()?.();
    expect(drawn).toEqual([1, 2, 3]);
    come(4);
    expect(drawn).toEqual([1, 2, 3]);
    frames.shift()?.();
    frames.shift()?.();
    expect(frames).toEqual([]); // nothing runs while nothing comes
    come(5);
    expect(drawn).toEqual([1, 2, 3, 4, 5]);
    vi.unstubAllGlobals();
  });
});

describe("camera", () => {
  const near = (a: number[], b: number[]) =>
    a.forEach((v, i) => {
      expect(v).toBeCloseTo(b[i] ?? 0, 6);
    });

  it("keeps its distance while it turns", () => {
    const turned = rotate(camera, 0.5, 0);
    expect(Math.hypot(...turned.position)).toBeCloseTo(500, 6);
    // Seen from the front, dragging right turns the patient's right side, at screen left, towards us.
    expect(turned.position[0]).toBeGreaterThan(499);
  });

  it("shows the top when dragged down", () => {
    expect(rotate(camera, 0, -0.25).position[2]).toBeGreaterThan(300);
  });

  it("comes closer and pans without turning", () => {
    near(zoomCamera(camera, 2).position, [0, 250, 0]);
    const moved = panCamera(camera, 0.5, 0);
    near(
      moved.position.map((v, i) => v - (moved.focal_point[i] ?? 0)),
      [0, 500, 0],
    );
    expect(moved.focal_point[0]).toBeGreaterThan(0);
  });
});

describe("page", () => {
  it("comes back with growing pauses, except after refusals", () => {
    expect(backoffMs(0, () => 1)).toBe(250);
    expect(backoffMs(20, () => 0)).toBe(4000);
    expect([1001, 1006, 1013].every(shouldReconnect)).toBe(true);
    expect([1002, 1008].some(shouldReconnect)).toBe(false);
  });

  const rectangles = (layout: Parameters<typeof arrange>[0], open = {}) =>
    arrange(layout, open).places.map(
      (p) => `${p.part.view} ${p.left},${p.top} ${p.width}×${p.height} +${p.below}`,
    );

  it("lays views out as the server says", () => {
    expect(rectangles(FOUR_UP)).toEqual([
      "Red 0,0 50×50 +0",
      "1 50,0 50×50 +0",
      "Green 0,50 50×50 +0",
      "Yellow 50,50 50×50 +0",
    ]);
    const uneven = {
      split: "rows" as const,
      parts: [
        { view: "a", share: 1 },
        { view: "b", share: 0.25 },
      ],
    };
    expect(rectangles(uneven)).toEqual(["a 0,0 100×80 +0", "b 0,80 100×20 +0"]);
    expect(arrange({}).places).toEqual([]);
  });

  it("shows the chosen tab below its strip", () => {
    const tabs = { split: "tabs" as const, parts: [{ view: "a" }, { view: "b" }] };
    const layout = { split: "columns" as const, parts: [tabs, { view: "c" }] };
    expect(rectangles(layout)).toEqual(["a 0,0 50×100 +1", "c 50,0 50×100 +0"]);
    const { strips, places } = arrange(layout, { "a b": 1 });
    expect([strips[0]?.key, strips[0]?.open, strips[0]?.width]).toEqual(["a b", 1, 50]);
    expect(places[0]?.part.view).toBe("b");
  });

  it("keeps one thing for each view", () => {
    const lists = perView((view) => [view]);
    lists("Slice4").push("more");
    expect(lists("Slice4")).toEqual(["Slice4", "more"]);
    expect(lists("constructor")).toEqual(["constructor"]);
  });

  it("summarises the last two seconds", () => {
    const ages = new Ages();
    const made = { bytes: 1000, waitUs: 500, renderUs: 3000, encodeUs: 1000, pageMs: 2 };
    for (let i = 0; i < 20; i += 1) ages.add({ ...made, ageMs: 20 + i }, 1000 + i * 50);
    ages.add({ ...made, ageMs: null, renderUs: 900_000 }, 2000); // shows nothing new
    const { stages, ...rest } = ages.summary(2000);
    expect(rest).toEqual({ perSecond: 10.5, median: 30, p95: 39, kBps: 10.5, limitedBy: "link" });
    expect(stages).toEqual({ wait: 0.5, render: 3, encode: 1, link: 23.5, page: 2 });
    expect(ages.summary(9000)).toMatchObject({ median: null, stages: null, limitedBy: null });
  });
});
