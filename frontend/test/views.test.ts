import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LayoutPart, Rendering, SliceState, ThreeDState } from "../src/net/protocol";
import { meetingPoint } from "../src/state/crosshair";
import { isNumber, isShares, kept, oneOf } from "../src/state/kept";
import { arrange, FOUR_UP, moved } from "../src/state/layouts";
import { Cine, nextOffset } from "../src/view/cine";
import { cubeTransform, FACES, faceTransform } from "../src/view/marker";
import { ViewModel } from "../src/view/model";
import { lengthText, mmPerCssPixel, rulerOf } from "../src/view/ruler";
import { project, unproject } from "../src/view/slice";
import { planeOf, turned } from "../src/view/turns";

/** Radiological: the patient's left is at the right of an axial picture, anterior at its top. */
const AXIAL = [-1, 0, 0, 5, 0, 1, 0, -7, 0, 0, 1, 30, 0, 0, 0, 1];
const SIZE: [number, number] = [400, 200];

function slice(matrix = AXIAL): SliceState {
  return {
    kind: "slice",
    color: "#F34A33",
    orientation: "Axial",
    offset: 30,
    offset_range: [0, 100],
    offset_step: 2,
    slice_to_ras: matrix,
    origin: [matrix[3] ?? 0, matrix[7] ?? 0, matrix[11] ?? 0],
    fov: [200, 100],
    window: 400,
    level: 40,
    scalar_range: [-1000, 3000],
    voxel_mm: [1, 1],
    background: { id: "v", name: "CT" },
    foreground: null,
    foreground_opacity: 0,
    label: null,
    label_opacity: 1,
    edges: { left: "R", right: "L", top: "A", bottom: "P" },
    slab: { mode: "off", thickness: 1 },
    linked: false,
    crosshair: [0, 0, 0],
  };
}

function threeD(position: [number, number, number], up: [number, number, number] = [0, 0, 1]): ThreeDState {
  return {
    kind: "threeD",
    camera: { position, focal_point: [0, 0, 0], view_up: up, view_angle: 30 },
    bounds: null,
    background_colors: ["#000000", "#000000"],
    box: true,
    axis_labels: true,
    parallel: false,
    quality: "adaptive",
    technique: "composite",
    rendering: {},
  };
}

const column = (m: number[], c: number) => [m[c], m[4 + c], m[8 + c]];

describe("turning a slice in its plane", () => {
  it("mirrors across: right becomes left, and scrolling goes the same way", () => {
    const flipped = turned(AXIAL, "flipAcross");
    expect(column(flipped, 0)).toEqual([1, 0, 0]);
    expect(column(flipped, 1)).toEqual([0, 1, 0]);
    expect(column(flipped, 2)).toEqual([0, 0, 1]);
    expect(column(flipped, 3)).toEqual([5, -7, 30]);
    expect(turned(flipped, "flipAcross")).toEqual(AXIAL);
  });

  it("turns right: what was at the top is at the right", () => {
    const right = turned(AXIAL, "right");
    expect(column(right, 0)).toEqual([0, 1, 0]); // anterior, which was up
    expect(column(right, 1)).toEqual([1, 0, 0]); // the patient's right, which was left
    expect(turned(right, "left")).toEqual(AXIAL);
    expect([..."1234"].reduce((m) => turned(m, "right"), AXIAL)).toEqual(AXIAL);
  });

  it("turning by half is flipping both ways", () => {
    const half = turned(turned(AXIAL, "left"), "left");
    expect(half).toEqual(turned(turned(AXIAL, "flipAcross"), "flipAlong"));
  });

  it("does not change what plane it is", () => {
    expect(planeOf(AXIAL)).toBe("Axial");
    expect(planeOf(turned(AXIAL, "right"))).toBe("Axial");
    expect(planeOf([1, 0, 0, 0, 0, 0.8, -0.6, 0, 0, 0.6, 0.8, 0, 0, 0, 0, 1])).toBe("Oblique");
    expect(planeOf([0, 0, 1, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1])).toBe("Sagittal");
  });
});

describe("points of a slice", () => {
  it("the patient's left is at the right, anterior at the top", () => {
    const state = slice();
    const left = project(state, SIZE, [5 - 20, -7, 30]);
    expect(left.x).toBeGreaterThan(0.5);
    // In pixels of a picture of 400 by 200, 0.5 mm each: the origin is pixel 200 from the left and 100 from below.
    expect(left.x).toBeCloseTo(240.5 / 400, 12);
    expect([left.y, left.above]).toEqual([99.5 / 200, 0]);
    const up = project(state, SIZE, [5, -7 + 25, 33]);
    expect([up.x, up.y, up.above]).toEqual([200.5 / 400, 49.5 / 200, 3]);
  });

  it("goes there and back, flipped and turned too", () => {
    for (const matrix of [AXIAL, turned(AXIAL, "flipAcross"), turned(AXIAL, "right")]) {
      const point = unproject(slice(matrix), SIZE, { x: 0.2, y: 0.9 });
      const back = project(slice(matrix), SIZE, point);
      expect(back.x).toBeCloseTo(0.2);
      expect(back.y).toBeCloseTo(0.9);
      expect(back.above).toBeCloseTo(0);
    }
  });
});

/** Where a point of the cube lies on the screen: right, down, toward the viewer. */
function shown(transform: string, point: [number, number, number]): number[] {
  const m = (/matrix3d\((.*)\)/.exec(transform)?.[1] ?? "").split(",").map(Number);
  return [0, 1, 2].map((row) =>
    [0, 1, 2].reduce((sum, c) => sum + (m[4 * c + row] ?? 0) * (point[c] ?? 0), m[12 + row] ?? 0),
  );
}

describe("the orientation marker", () => {
  it("shows an axial slice from the feet", () => {
    const cube = cubeTransform(slice());
    expect(shown(cube, [0, 0, -1])[2]).toBe(1); // inferior faces the viewer
    expect(shown(cube, [-1, 0, 0])[0]).toBe(1); // left is right
    expect(shown(cube, [0, 1, 0])[1]).toBe(-1); // anterior is up
  });

  it("shows 3D from where the camera is", () => {
    const front = cubeTransform(threeD([0, 500, 0]));
    expect(shown(front, [0, 1, 0])[2]).toBeCloseTo(1); // anterior faces the viewer
    expect(shown(front, [-1, 0, 0])[0]).toBeCloseTo(1); // the patient's left is at the viewer's right
    expect(shown(front, [0, 0, 1])[1]).toBeCloseTo(-1);
  });

  it("has letters that read right from outside", () => {
    for (const face of FACES) {
      const across = shown(faceTransform(face, 0), [1, 0, 0]);
      const up = shown(faceTransform(face, 0), [0, -1, 0]);
      expect(up).toEqual(face.up.map((v) => v + 0));
      // right × up points to the reader
      const towards = [
        (across[1] ?? 0) * (up[2] ?? 0) - (across[2] ?? 0) * (up[1] ?? 0),
        (across[2] ?? 0) * (up[0] ?? 0) - (across[0] ?? 0) * (up[2] ?? 0),
        (across[0] ?? 0) * (up[1] ?? 0) - (across[1] ?? 0) * (up[0] ?? 0),
      ];
      expect(towards.map((v) => v + 0)).toEqual(face.normal.map((v) => v + 0));
    }
  });
});

describe("the ruler", () => {
  it("is a round length that fits", () => {
    expect(rulerOf(0.5, 400)).toEqual({ mm: 50, pixels: 100 });
    expect(rulerOf(0.01, 400)?.mm).toBe(1);
    expect(rulerOf(Number.NaN, 400)).toBeNull();
  });

  it("knows how large things are", () => {
    expect(mmPerCssPixel(slice(), SIZE)).toBeCloseTo(0.5);
    expect(mmPerCssPixel(threeD([0, 100, 0]), SIZE)).toBeCloseTo((200 * Math.tan(Math.PI / 12)) / 200);
    expect([0.05, 5, 50, 2000].map(lengthText)).toEqual(["50 µm", "5 mm", "5 cm", "2 m"]);
  });
});

describe("dividers", () => {
  it("lie between parts", () => {
    const { dividers } = arrange(FOUR_UP);
    expect(dividers.map(({ key, split, left, top, length }) => [key, split, left, top, length])).toEqual([
      ["/0 0", "columns", 50, 0, 50],
      ["/1 0", "columns", 50, 50, 50],
      [" 0", "rows", 0, 50, 100],
    ]);
  });

  it("give sizes to the parts beside them, and take them back", () => {
    const rows = arrange(FOUR_UP).dividers[2];
    if (!rows) throw new Error("no divider");
    const shares = moved(rows, {}, 0.7);
    const { places, dividers } = arrange(FOUR_UP, {}, shares);
    expect(places.map(({ top, height }) => [Math.round(top), Math.round(height)])).toEqual([
      [0, 70],
      [0, 70],
      [70, 30],
      [70, 30],
    ]);
    expect(dividers[2]?.at).toBeCloseTo(70);
    expect(moved(rows, shares, 5)[""]?.[1]).toBeGreaterThan(0.1);
    expect(moved(rows, shares, null)).toEqual({});
  });

  it("ignores sizes of another layout", () => {
    const part: LayoutPart = { split: "columns", parts: [{ view: "a" }, { view: "b" }] };
    expect(arrange(part, {}, { "": [1, 2, 3] }).places.map(({ width }) => width)).toEqual([50, 50]);
  });
});

describe("the crosshair", () => {
  it("appears where the planes meet", () => {
    const sagittal = [0, 0, 1, 12, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    const coronal = [-1, 0, 0, 0, 0, 0, 1, -7, 0, 1, 0, 0, 0, 0, 0, 1];
    const meeting = meetingPoint([slice(), slice(AXIAL), slice(sagittal), slice(coronal)]);
    expect(meeting?.map((v) => Math.round(v * 1e6) / 1e6)).toEqual([12, -7, 30]);
    expect(meetingPoint([slice(), slice(sagittal)])).toBeNull();
  });
});

describe("kept settings", () => {
  it("come back, unless they are not good", () => {
    const made = kept("test", 3, isNumber);
    made.value = 5;
    expect(kept("test", 3, isNumber).value).toBe(5);
    expect(kept("test", "light", oneOf("light", "dark")).value).toBe("light");
    localStorage.setItem("slicecast.broken", "{");
    expect(kept("broken", 1, isNumber).value).toBe(1);
    expect(isShares({ FourUp: { "/0": [1, 2] } })).toBe(true);
    expect(isShares({ FourUp: { "/0": [1, -2] } })).toBe(false);
    expect(isShares([])).toBe(false);
  });
});

describe("a model's changes", () => {
  beforeEach(() => {
    vi.stubGlobal("requestAnimationFrame", (run: () => void) => setTimeout(run, 0));
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("take parts of a volume's rendering, in one message", () => {
    const sent: unknown[] = [];
    const model = new ViewModel((patch) => sent.push(patch));
    const look = { name: "CT", shift: 0, crop: { on: false, bounds: [0, 1, 0, 1, 0, 1] } };
    model.open({ ...threeD([0, 1, 0]), rendering: { a: look as unknown as Rendering } });
    model.change({ rendering: { a: { shift: 5 } } });
    model.change({ rendering: { a: { crop: { on: true } } } });
    vi.runAllTimers();
    expect(sent).toEqual([{ rendering: { a: { shift: 5, crop: { on: true } } } }]);
    const { a } = (model.state as ThreeDState).rendering;
    expect(a).toEqual({ ...look, shift: 5, crop: { on: true, bounds: [0, 1, 0, 1, 0, 1] } });
  });

  it("are kept back for no camera but the one that they were made with", () => {
    const model = new ViewModel(() => {});
    model.open(slice());
    model.change({ offset: 20 });
    model.merge({ offset: 20 }, true); // the own camera's, which is held back until the drag has ended
    model.open({ ...slice(), offset: 5 });
    vi.runAllTimers();
    expect((model.state as SliceState).offset).toBe(5);
  });
});

describe("cine", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("goes round", () => {
    expect(nextOffset(30, 2, [0, 100], 1)).toBe(32);
    expect(nextOffset(99, 2, [0, 100], 1)).toBe(1);
    expect(nextOffset(1, 2, [0, 100], -1)).toBe(99);
  });

  it("waits for pictures, though not for ever", async () => {
    vi.useFakeTimers();
    let drawn = true;
    let steps = 0;
    const cine = new Cine({
      isDrawn: () => drawn,
      step: () => {
        steps += 1;
      },
    });
    cine.play(10);
    await vi.advanceTimersByTimeAsync(510);
    expect(steps).toBe(5);
    drawn = false;
    await vi.advanceTimersByTimeAsync(900);
    expect(steps).toBe(5);
    await vi.advanceTimersByTimeAsync(300);
    expect(steps).toBe(6);
    cine.stop();
    expect(cine.isPlaying).toBe(false);
  });
});
