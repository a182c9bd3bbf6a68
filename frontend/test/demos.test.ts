import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, NoAnswer } from "../src/demos/asking";
import { cubeVertices, turned } from "../src/demos/cube";
import { histogram, Meter, percentile } from "../src/demos/meter";
import { depthInFront, pointAt, project } from "../src/demos/projection";
import { about, fromAxes, fromPhone, type Quaternion, rotate, times } from "../src/demos/rotation";
import type { CameraState, Vector3 } from "../src/net/protocol";
import { cross, dot, subtract } from "../src/view/vectors";

describe("meter", () => {
  it("takes percentiles by nearest rank", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([0.5, 0.95, 1].map((share) => percentile(hundred, share))).toEqual([50, 95, 100]);
    expect(percentile([7], 0.5)).toBe(7);
    expect(percentile([], 0.5)).toBeNull();
  });

  it("counts all, keeps the newest, and tells the rate of now", () => {
    const meter = new Meter(50);
    for (let i = 0; i < 120; i += 1) meter.add(i, i * 20);
    const { count, perSecond, max, p50 } = meter.summary(119 * 20);
    expect([count, max, p50]).toEqual([120, 119, 94]);
    expect(perSecond).toBeGreaterThan(45);
    expect(perSecond).toBeLessThan(55);
    expect(meter.summary(119 * 20 + 5000).perSecond).toBe(0);
    meter.clear();
    expect(meter.summary(0)).toEqual({ count: 0, perSecond: 0, p50: null, p95: null, max: null });
  });

  it("bins every value, outliers in the last", () => {
    const values = [...Array.from({ length: 99 }, (_, i) => i / 10), 900];
    const bins = histogram(values);
    expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(100);
    expect(bins.at(-1)?.to).toBe(10);
    expect(bins.at(-1)?.count).toBeGreaterThan(0);
    expect(histogram([]).every((bin) => bin.count === 0 && bin.to > bin.from)).toBe(true);
  });
});

describe("cube", () => {
  const vertices = Array.from({ length: 36 }, (_, i) => cubeVertices().slice(i * 8, i * 8 + 8));
  const at = (v: number[]) => v.slice(0, 3) as Vector3;
  const normal = (v: number[]) => v.slice(3, 6) as Vector3;

  it("shows the picture the right way round on every face", () => {
    for (let face = 0; face < 6; face += 1) {
      const corners = vertices.slice(face * 6, face * 6 + 6);
      const corner = (u: number, v: number) => {
        const found = corners.find((c) => c[6] === u && c[7] === v);
        if (!found) throw new Error("a corner of the picture is missing");
        return found;
      };
      const [bottomLeft, bottomRight, topLeft] = [corner(0, 1), corner(1, 1), corner(0, 0)];
      const right = subtract(at(bottomRight), at(bottomLeft));
      const up = subtract(at(topLeft), at(bottomLeft));
      // Seen from outside, right × up comes towards the eye; a mirrored picture would have it go away.
      expect(dot(cross(right, up), normal(bottomLeft))).toBeCloseTo(4);
      expect(dot(at(bottomLeft), normal(bottomLeft))).toBe(1);
    }
  });

  it("is upright on the four sides", () => {
    for (const v of vertices) if (normal(v)[1] === 0) expect(v[1]).toBe(v[7] === 0 ? 1 : -1);
  });

  it("turns without mirroring, the front to the right and then down", () => {
    const m = turned(0.7, 0.3);
    const column = (c: number) => m.slice(c * 4, c * 4 + 3) as Vector3;
    expect(dot(cross(column(0), column(1)), column(2))).toBeCloseTo(1);
    expect(turned(0.7, 0)[8]).toBeGreaterThan(0);
    expect(turned(0, 0.3)[9]).toBeLessThan(0);
  });
});

const anterior: CameraState = {
  position: [10, 1000, -170],
  focal_point: [10, 0, -170],
  view_up: [0, 0, 1],
  view_angle: 30,
};

describe("projection", () => {
  it("has the patient's right on the left from the front, and superior at the top", () => {
    const size: [number, number] = [800, 600];
    expect(project(anterior, size, [10, 0, -170])).toEqual({ x: 400, y: 300 });
    expect(project(anterior, size, [60, 0, -170])?.x).toBeLessThan(400);
    expect(project(anterior, size, [10, 0, -100])?.y).toBeLessThan(300);
    const top = project(anterior, size, [10, 0, -170 + 1000 * Math.tan(Math.PI / 12)]);
    expect(top?.y).toBeCloseTo(0);
    expect(project(anterior, size, [10, 2000, -170])).toBeNull();
  });

  it("finds the point under a pixel again", () => {
    const oblique: CameraState = { ...anterior, position: [500, 700, 300], view_up: [0.1, 0, 1] };
    const point = pointAt(oblique, [640, 480], 123, 77, 650);
    const back = project(oblique, [640, 480], point);
    expect(back?.x).toBeCloseTo(123);
    expect(back?.y).toBeCloseTo(77);
  });

  it("keeps the tool in front, whatever the tool adds to the bounds in depth", () => {
    const chest = [-185, 205, -195, 195, -340, 0];
    const depth = depthInFront(anterior, chest);
    expect(depth).toBeLessThan(1000 - 195);
    expect(depth).toBeGreaterThan(700);
    expect(depthInFront(anterior, [-185, 205, -195, 900, -340, 0])).toBeCloseTo(depth);
    expect(depthInFront(anterior, null)).toBe(1000);
  });
});

describe("rotations", () => {
  const close = (a: Vector3, b: Vector3) => {
    for (const axis of [0, 1, 2]) expect(a[axis]).toBeCloseTo(b[axis] ?? Number.NaN, 6);
  };

  it("turns by the right hand", () => {
    close(rotate(about([0, 0, 1], Math.PI / 2), [1, 0, 0]), [0, 1, 0]);
    const both = times(about([1, 0, 0], Math.PI / 2), about([0, 0, 1], Math.PI / 2));
    close(rotate(both, [1, 0, 0]), [0, 0, 1]);
  });

  it("is found again from its axes, half turns included", () => {
    const some: Quaternion[] = [
      about([0, 1, 1], Math.PI),
      about([1, -1, 0.5], Math.PI),
      about([1, 2, 3], 2),
      [1, 0, 0, 0],
    ];
    for (const q of some) {
      const [x, y, z] = [rotate(q, [1, 0, 0]), rotate(q, [0, 1, 0]), rotate(q, [0, 0, 1])];
      const found = fromAxes(x, y, z);
      close(rotate(found, [1, 0, 0]), x);
      close(rotate(found, [0, 1, 0]), y);
      close(rotate(found, [0.3, -2, 1]), rotate(q, [0.3, -2, 1]));
    }
  });

  it("reads a phone as the browsers' document says", () => {
    close(rotate(fromPhone(90, 0, 0), [0, 1, 0]), [-1, 0, 0]); // flat, its top to the west
    close(rotate(fromPhone(0, 90, 0), [0, 1, 0]), [0, 0, 1]); // upright
    close(rotate(fromPhone(0, 90, 0), [0, 0, 1]), [0, -1, 0]); // and its screen to the south
    close(rotate(fromPhone(0, 0, 90), [0, 0, 1]), [1, 0, 0]); // rolled over its right edge
  });
});

describe("asking", () => {
  afterEach(() => vi.unstubAllGlobals());
  const answer = (status: number, body: string, headers = {}) =>
    vi.stubGlobal("fetch", async () => new Response(body, { status, headers }));

  it("says in words what is wrong, and when to try again", async () => {
    answer(503, "", { "Retry-After": "3" });
    await expect(ask("/slice")).rejects.toMatchObject({
      retryMs: 3000,
      message: expect.stringContaining("restarts"),
    });
    answer(500, '{"success": false, "message": "Server error: the scene is restarting"}');
    await expect(ask("/slicer/slice")).rejects.toMatchObject({
      message: expect.stringContaining("restarts"),
    });
    answer(404, '{"error": {"message": "no slice view"}}');
    await expect(ask("/slice")).rejects.toMatchObject({ message: "no slice view" });
    answer(502, "<html>");
    await expect(ask("/slice")).rejects.toThrow("502");
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("Failed to fetch");
    });
    await expect(ask("/slice")).rejects.toBeInstanceOf(NoAnswer);
    answer(200, "fine");
    expect(await (await ask("/slice")).text()).toBe("fine");
  });
});
