import { describe, expect, it } from "vitest";
import {
  added,
  between,
  colorAt,
  curve,
  heightOf,
  opacityAt,
  opacityOf,
  type Points,
  put,
  removed,
  skyline,
} from "../src/view/transfer";

const RANGE: [number, number] = [-1000, 1000];
const POINTS: Points<number> = [
  [-1200, 0],
  [0, 0.25],
  [500, 1],
];

describe("points of a transfer function", () => {
  it("stay between their neighbours and within the range", () => {
    expect(put(POINTS, 1, 100, 0.5, RANGE)[1]).toEqual([100, 0.5]);
    expect(put(POINTS, 1, 900, 0.5, RANGE)[1]?.[0]).toBe(498);
    expect(put(POINTS, 2, 4000, 1, RANGE)[2]?.[0]).toBe(1000);
    expect(put(POINTS, 7, 0, 1, RANGE)).toBe(POINTS);
  });

  it("beyond the range stay there until they are moved along the values", () => {
    expect(put(POINTS, 0, -1200, 0.1, RANGE)[0]).toEqual([-1200, 0.1]);
    expect(put(POINTS, 0, -1180, 0.1, RANGE)[0]).toEqual([-1000, 0.1]);
  });

  it("that lie closer than points may come keep their values", () => {
    const close: Points<number> = [
      [0, 0],
      [1, 0.5],
      [2, 1],
    ];
    expect(put(close, 1, 1.5, 0.6, RANGE)[1]).toEqual([1, 0.6]);
  });

  it("are added in order, and not twice at a value", () => {
    const found = added(POINTS, 250, 0.6, RANGE);
    expect(found?.index).toBe(2);
    expect(found?.points.map(([value]) => value)).toEqual([-1200, 0, 250, 500]);
    expect(added(POINTS, 0.5, 1, RANGE)).toBeNull();
    const many: Points<number> = Array.from({ length: 256 }, (_, n) => [n * 4, 0]);
    expect(added(many, 2000, 1, [0, 3000])).toBeNull();
  });

  it("are added between the chosen and the next that is seen", () => {
    expect(between(POINTS, 1, RANGE)).toBe(250);
    expect(between(POINTS, 0, RANGE)).toBe(-500);
    expect(between(POINTS, 2, RANGE)).toBe(750);
    const atEnd: Points<number> = [
      [0, 0],
      [1000, 1],
    ];
    expect(between(atEnd, 1, RANGE)).toBe(500);
  });

  it("never all go", () => {
    expect(removed(POINTS, 1)).toEqual([POINTS[0], POINTS[2]]);
    expect(removed([[0, 1]], 0)).toEqual([[0, 1]]);
  });

  it("say what lies between them", () => {
    expect([-2000, -600, 250, 9000].map((value) => opacityAt(POINTS, value))).toEqual([0, 0.125, 0.625, 1]);
    const colors: Points<string> = [
      [0, "#000000"],
      [100, "#ff8000"],
    ];
    expect([-5, 50, 200].map((value) => colorAt(colors, value))).toEqual(["#000000", "#804000", "#ff8000"]);
    expect(colorAt([], 0)).toBe("#ffffff");
  });
});

describe("what is drawn", () => {
  it("has small opacities higher than they are, and back", () => {
    expect(heightOf(0.01)).toBeCloseTo(0.1);
    for (const opacity of [0, 0.004, 0.3, 1]) expect(opacityOf(heightOf(opacity))).toBeCloseTo(opacity);
    expect(opacityOf(1.4)).toBe(1);
  });

  it("goes from end to end through every point", () => {
    const drawn = curve(POINTS, RANGE, 4);
    expect(drawn.startsWith("M0.0000")).toBe(true);
    expect(drawn).toContain("L0.5000 0.5000");
    expect(drawn.endsWith("L1.0000 0.0000")).toBe(true);
  });

  it("has the most frequent value at the top", () => {
    expect(skyline([0, 9])).toBe("M0 1L0.0000 1.000L0.5000 1.000L0.5000 0.000L1.0000 0.000L1 1Z");
    expect(skyline([0, 0])).not.toContain("NaN");
  });
});
