import { beforeEach, describe, expect, it, vi } from "vitest";
import type {
  MarkupKind,
  MarkupPatch,
  MarkupState,
  SliceState,
  ThreeDState,
  Vector3,
  ViewState,
} from "../src/net/protocol";
import { follow, lead, markups, patched, takeMarkups } from "../src/state/tools/markups";
import { shortLabel } from "../src/ui/panels/tools/MarkupList";
import { measured, place } from "../src/ui/panels/tools/texts";
import type { Surface } from "../src/view/pointer";
import { Dragging } from "../src/view/tools/dragging";
import { Editing, type EditingHost } from "../src/view/tools/editing";
import { dragged, type Handle, handlesOf, hit } from "../src/view/tools/handles";
import { pointAt, pointOn, type Seen, see } from "../src/view/tools/lens";
import { angleAt, lengthOf } from "../src/view/tools/measures";
import { Placing, type PlacingHost } from "../src/view/tools/placing";
import { turned } from "../src/view/turns";
import { about, add, subtract } from "../src/view/vectors";

/** As radiologists see it: patient left on the right, anterior on top. Half a pixel off, so that round fractions are round places. */
const axial = {
  kind: "slice",
  offset: 10,
  offset_step: 2,
  slice_to_ras: [-1, 0, 0, -0.25, 0, 1, 0, 0.25, 0, 0, 1, 10, 0, 0, 0, 1],
  origin: [-0.25, 0.25, 10],
  fov: [200, 100],
  window: 400,
  level: 40,
  scalar_range: [-1000, 1000],
  slab: { mode: "off", thickness: 1 },
} as unknown as SliceState;
const fromFront = {
  kind: "threeD",
  camera: { position: [0, 500, 0], focal_point: [0, 0, 0], view_up: [0, 0, 1], view_angle: 30 },
} as unknown as ThreeDState;
const SIZE: [number, number] = [400, 200];

function markup(kind: MarkupKind, rest: Partial<MarkupState>): MarkupState {
  const look = {
    color: "#ff0000",
    opacity: 1,
    visible: true,
    locked: false,
    measurements: [],
    labels: null,
    crops: false,
  };
  const { points = null } = rest;
  return {
    id: kind,
    name: kind,
    kind,
    count: points?.length ?? 1,
    points,
    frame: null,
    size: null,
    ...look,
    ...rest,
  };
}

const line = markup("line", {
  points: [
    [-50, 0, 10],
    [50, 0, 10],
  ],
});
const roi = markup("roi", { frame: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 10, 0, 0, 0, 1], size: [40, 20, 6] });

describe("lenses", () => {
  it("see the patient's left on the right of an axial slice, anterior on top", () => {
    const left = see(axial, SIZE, [-50, 25, 10]);
    expect([left?.x, left?.y, left?.depth]).toEqual([0.75, 0.25, 0]);
    expect(see(axial, SIZE, [0, 0, 13])?.depth).toBe(3);
  });

  it("and from the front too", () => {
    const left = see(fromFront, SIZE, [-50, 0, 30]);
    expect(left?.x).toBeGreaterThan(0.5);
    expect(left?.y).toBeLessThan(0.5);
    expect(see(fromFront, SIZE, [0, 600, 0])).toBeNull();
  });

  it.each([axial, fromFront])("come back to where they looked", (state) => {
    const at: Vector3 = [12, state.kind === "slice" ? 20 : -30, 12];
    const seen = see(state, SIZE, at);
    if (!seen) throw new Error("not seen");
    pointAt(state, SIZE, seen, at).forEach((mm, axis) => {
      expect(mm).toBeCloseTo(at[axis] ?? Number.NaN, 9);
    });
  });
});

describe("handles", () => {
  it("are found at points before outlines, and not off the slice", () => {
    expect(hit([line], axial, SIZE, { x: 0.75, y: 0.5 }, 8)?.handle).toMatchObject({
      kind: "point",
      index: 0,
    });
    expect(hit([line], axial, SIZE, { x: 0.25, y: 0.52 }, 8)?.handle).toMatchObject({
      kind: "point",
      index: 1,
    });
    expect(hit([line], axial, SIZE, { x: 0.5, y: 0.5 }, 8)?.handle.kind).toBe("body");
    expect(hit([line], axial, SIZE, { x: 0.5, y: 0.7 }, 8)).toBeNull();
    expect(hit([line], { ...axial, origin: [0, 0, 12] }, SIZE, { x: 0.75, y: 0.5 }, 8)).toBeNull();
    expect(hit([{ ...line, locked: true }], axial, SIZE, { x: 0.75, y: 0.5 }, 8)).toBeNull();
    expect(hit([{ ...line, visible: false }], axial, SIZE, { x: 0.75, y: 0.5 }, 8)).toBeNull();
  });

  it("of a box are its cut with the slice, eight sides and the middle", () => {
    const sides = (handles: Handle[]) => handles.filter(({ kind }) => kind !== "turn");
    expect(sides(handlesOf(roi, axial, SIZE))).toHaveLength(9);
    expect(handlesOf(roi, { ...axial, origin: [0, 0, 20] }, SIZE)).toHaveLength(0);
    expect(sides(handlesOf(roi, fromFront, SIZE))).toHaveLength(7);
  });

  it("move a side and keep the opposite one where it is", () => {
    const side = handlesOf(roi, axial, SIZE).find(({ sides }) => sides[0] === 1 && sides[1] === 0);
    if (!side) throw new Error("no such side");
    const { frame, size } = dragged(roi, side, [10, 5, 0]);
    expect(size).toEqual([50, 20, 6]);
    expect(frame?.[3]).toBe(5); // from -20 to 30 instead of 20
    expect(dragged(roi, side, [-100, 0, 0]).size?.[0]).toBe(0.1);
  });

  it("move points and wholes", () => {
    const [first] = handlesOf(line, axial, SIZE);
    if (!first) throw new Error("no handle");
    expect(dragged(line, first, [1, 2, 0])).toEqual({ index: 0, position: [-49, 2, 10] });
    const body = { ...first, kind: "body" as const };
    expect(dragged(line, body, [1, 2, 0]).points).toEqual([
      [-49, 2, 10],
      [51, 2, 10],
    ]);
  });
});

const vectorsOf = ({ frame }: MarkupPatch) =>
  [0, 1, 2, 3].map((c) =>
    [0, 1, 2].map((row) => Math.round((frame?.[4 * row + c] ?? Number.NaN) * 1e6) / 1e6 + 0),
  );

describe("turning", () => {
  const turns = (state: ViewState, of = roi) =>
    handlesOf(of, state, SIZE).filter(({ kind }) => kind === "turn");

  /** Drag a handle with the pointer to where a point is seen. */
  function turnedTo(state: ViewState, handle: Handle, to: Vector3, of = roi) {
    const [down, up] = [see(state, SIZE, handle.at), see(state, SIZE, to)];
    if (!down || !up || !handle.axis) throw new Error("not seen");
    const from = pointOn(state, SIZE, down, handle.at, handle.axis);
    const by = subtract(pointOn(state, SIZE, up, handle.at, handle.axis), from);
    return vectorsOf(dragged(of, handle, by));
  }

  it("in an axial slice from the front to the patient's left goes clockwise as it is seen", () => {
    const [top] = turns(axial);
    if (!top) throw new Error("no handle");
    expect(top.at[1]).toBeGreaterThan(10 + 5); // off the anterior side
    expect(top.at[0]).toBe(0);
    // Axes and centre: what pointed to the front points to the left, what pointed to the right to the front.
    expect(turnedTo(axial, top, [-40, 0, 10])).toEqual([
      [0, 1, 0],
      [-1, 0, 0],
      [0, 0, 1],
      [0, 0, 10],
    ]);
    const half = Math.SQRT1_2;
    expect(turnedTo(axial, top, [-30, 30, 10])[1]).toEqual(
      [-half, half, 0].map((v) => Math.round(v * 1e6) / 1e6),
    );
  });

  it("ends at the same place in a slice that is flipped, where the same points lie elsewhere", () => {
    const flipped = { ...axial, slice_to_ras: turned(axial.slice_to_ras, "flipAcross") };
    const [top] = turns(flipped);
    if (!top) throw new Error("no handle");
    expect(turnedTo(flipped, top, [-40, 0, 10])).toEqual(
      turnedTo(axial, turns(axial)[0] as Handle, [-40, 0, 10]),
    );
  });

  it("in a coronal slice tilts what was drawn in an axial one", () => {
    const coronal = {
      ...axial,
      slice_to_ras: [-1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1],
      origin: [0, 0, 0],
    } as unknown as SliceState;
    const plane = markup("plane", {
      frame: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
      size: [40, 40],
    });
    const [top] = turns(coronal, plane);
    if (!top) throw new Error("no handle");
    expect(top.at[2]).toBeGreaterThan(5); // along its normal
    // The normal from the head to the patient's left; what pointed to the right points to the head.
    expect(turnedTo(coronal, top, [-30, 0, 0], plane)).toEqual([
      [0, 0, 1],
      [0, 1, 0],
      [-1, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("in 3D about each of the box's axes, from wherever it is seen", () => {
    const fromLeft = {
      ...fromFront,
      camera: { position: [-400, 300, 200], focal_point: [0, 0, 0], view_up: [0, 0, 1], view_angle: 30 },
    } as unknown as ThreeDState;
    for (const state of [fromLeft, { ...fromLeft, parallel: true }])
      for (const [n, handle] of turns(state).entries()) {
        expect(handle.axis).toEqual([0, 1, 2].map((m) => (m === n ? 1 : 0)));
        const middle: Vector3 = [0, 0, 10];
        const axis = handle.axis as Vector3;
        const to = add(middle, about(subtract(handle.at, middle), axis, Math.PI / 6));
        const axes = turnedTo(state, handle, to);
        const wanted = [0, 1, 2].map((m) =>
          about([0, 1, 2].map((k) => (k === m ? 1 : 0)) as Vector3, axis, Math.PI / 6),
        );
        wanted.forEach((vector, m) => {
          vector.forEach((v, k) => {
            expect(axes[m]?.[k]).toBeCloseTo(v, 5);
          });
        });
        expect(axes[3]).toEqual(middle);
      }
  });

  it("and sizing go on in slices that cut a box obliquely", () => {
    const [cosine, sine] = [Math.cos(0.4), Math.sin(0.4)];
    const frame = [1, 0, 0, 0, 0, cosine, -sine, 0, 0, sine, cosine, 10, 0, 0, 0, 1];
    const tilted = { ...roi, frame, size: [40, 20, 60] };
    const all = handlesOf(tilted, axial, SIZE);
    expect(all.every(({ at }) => Math.abs(at[2] - 10) < 1e-9)).toBe(true); // all in the plane, to be taken hold of
    const front = all.find(({ sides }) => sides[0] === 0 && sides[1] === 1) as Handle;
    expect(front.at[1]).toBeCloseTo(10 / cosine); // where the plane cuts the side
    const { size } = dragged(tilted, front, [0, 5, 0]);
    expect(size?.[1]).toBeCloseTo(20 + 5 * cosine);
    const [lever] = turns(axial, tilted);
    if (!lever) throw new Error("no handle");
    const [x, y, z, centre] = turnedTo(axial, lever, [-40, 0, 10], tilted);
    expect(x).toEqual([0, 1, 0]);
    expect(y?.[0]).toBeCloseTo(-cosine, 5);
    expect(z?.[0]).toBeCloseTo(sine, 5);
    expect(centre).toEqual([0, 0, 10]);
  });

  it("is offered for what is chosen only, and within the view", () => {
    const [top] = turns(axial);
    const spot = see(axial, SIZE, (top as Handle).at) as Seen;
    expect(hit([roi], axial, SIZE, spot, 8)).toBeNull();
    expect(hit([roi], axial, SIZE, spot, 8, roi.id)?.handle.kind).toBe("turn");
    const wide = { ...roi, size: [500, 500, 6] };
    const seen = see(axial, SIZE, turns(axial, wide)[0]?.at as Vector3) as Seen;
    expect(seen.y).toBeGreaterThanOrEqual(0);
    expect(seen.y).toBeLessThanOrEqual(1);
  });
});

describe("markups on the page", () => {
  beforeEach(() => takeMarkups([line], [], true));
  it("does not come back by an answer that was asked for before it went", () => {
    const since = performance.now();
    takeMarkups([], [line.id], false);
    follow(line, since);
    expect(markups.peek().has(line.id)).toBe(false);
    follow(line, performance.now() + 1); // another one, made since, under its id
    expect(markups.peek().get(line.id)).toEqual(line);
  });

  it("are ahead of the server while they are dragged", () => {
    lead("line", { index: 0, position: [1, 1, 1] });
    takeMarkups([{ ...line, color: "#00ff00" }], [], false);
    const now = markups.value.get("line");
    expect([now?.points?.[0], now?.color]).toEqual([[1, 1, 1], "#00ff00"]);
    const later = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 1000);
    takeMarkups([line], [], false);
    expect(markups.value.get("line")?.points?.[0]).toEqual([-50, 0, 10]);
    later.mockRestore();
  });

  it("take points in and out", () => {
    expect(patched(line, { index: 2, position: [0, 0, 0] }).points).toHaveLength(3);
    expect(patched(line, { remove: 0 })).toMatchObject({ count: 1, points: [[50, 0, 10]] });
    expect(patched(roi, { size: [1, 1, 1] }).count).toBe(1);
  });
});

function surface(state: SliceState | ThreeDState = axial, view = "Red"): Surface {
  const model = { state, change: vi.fn() };
  return { view, model, element: document.createElement("div"), size: () => SIZE } as unknown as Surface;
}

const mouse = (rest: object = {}) =>
  ({ button: 0, pointerType: "mouse", buttons: 0, ...rest }) as PointerEvent;
const press = (key: string) => ({ key }) as KeyboardEvent;

function placing(kind: MarkupKind) {
  const now: { kind: MarkupKind | null } = { kind };
  const host = {
    kind: () => now.kind,
    make: vi.fn(async (made: MarkupKind, patch: MarkupPatch) =>
      markup(made, { ...patch } as Partial<MarkupState>),
    ),
    move: vi.fn(),
    finish: vi.fn(async (id: string, patch: MarkupPatch) =>
      markup(id as MarkupKind, patch as Partial<MarkupState>),
    ),
    drop: vi.fn(async () => {}),
    pick: vi.fn(async (): Promise<Vector3 | null> => [1, 2, 3]),
    list: () => null,
    depthOf: () => 2,
    show: vi.fn(),
    hide: vi.fn(),
    cursor: vi.fn(),
    ended: vi.fn(),
    placed: vi.fn(),
    stop: vi.fn(() => {
      now.kind = null;
    }),
    failed: vi.fn((error: unknown) => {
      throw error;
    }),
  } satisfies PlacingHost;
  return { host, tool: new Placing(host), now };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

function click(tool: Placing, on: Surface, x: number, y: number, type = "mouse") {
  tool.down(on, { x, y }, mouse({ pointerType: type }));
  tool.up(on, { x, y }, mouse({ pointerType: type }), false);
}

describe("placing", () => {
  it("a line by two clicks, seen on the way", async () => {
    const { host, tool } = placing("line");
    const red = surface();
    click(tool, red, 0.75, 0.5);
    await settle();
    tool.hover(red, { x: 0.5, y: 0.5 }, mouse());
    expect(host.move).toHaveBeenLastCalledWith(
      "Red",
      "line",
      {
        points: [
          [-50, 0, 10],
          [0, 0, 10],
        ],
      },
      expect.any(String),
    );
    click(tool, red, 0.25, 0.5);
    await settle();
    expect(host.make).toHaveBeenCalledTimes(1);
    expect(host.finish.mock.calls[0]?.[1]).toEqual({
      points: [
        [-50, 0, 10],
        [50, 0, 10],
      ],
    });
    expect(host.placed).toHaveBeenCalledTimes(1);
  });

  it("a line by one drag of a finger", async () => {
    const { host, tool } = placing("line");
    const red = surface();
    const finger = mouse({ pointerType: "touch" });
    tool.down(red, { x: 0.75, y: 0.5 }, finger);
    tool.move(red, { x: 0.5, y: 0.5 });
    tool.move(red, { x: 0.25, y: 0.5 });
    tool.up(red, { x: 0.25, y: 0.5 }, finger, false);
    await settle();
    expect(host.finish.mock.calls[0]?.[1]).toEqual({
      points: [
        [-50, 0, 10],
        [50, 0, 10],
      ],
    });
  });

  it("is given up by Escape without a trace; Escape again puts the tool away", async () => {
    const { host, tool } = placing("angle");
    const red = surface();
    click(tool, red, 0.75, 0.5);
    click(tool, red, 0.5, 0.5);
    tool.key(red, press("Escape"));
    await settle();
    expect(host.drop).toHaveBeenCalledWith("angle", host.make.mock.calls[0]?.[2 as never]);
    expect(host.placed).not.toHaveBeenCalled();
    expect(host.stop).not.toHaveBeenCalled();
    tool.key(red, press("Escape"));
    expect(host.stop).toHaveBeenCalled();
  });

  it("a curve point by point until a double click, which adds no point of its own", async () => {
    const { host, tool } = placing("closedCurve");
    const red = surface();
    for (const [x, y] of [
      [0.4, 0.4],
      [0.6, 0.4],
      [0.6, 0.6],
      [0.6, 0.6],
    ] as const)
      click(tool, red, x, y);
    tool.double();
    await settle();
    expect(host.finish.mock.calls[0]?.[1].points).toHaveLength(3);
  });

  it("a curve of clicks until Enter", async () => {
    const { host, tool } = placing("curve");
    const red = surface();
    for (const [x, y] of [
      [0.4, 0.4],
      [0.6, 0.4],
    ] as const)
      click(tool, red, x, y);
    tool.key(red, press("Enter"));
    await settle();
    expect(host.finish.mock.calls[0]?.[1].points).toHaveLength(2);
  });

  it("a box with the slice's axes by a drag", async () => {
    const { host, tool } = placing("roi");
    const red = surface();
    tool.down(red, { x: 0.25, y: 0.25 }, mouse());
    tool.move(red, { x: 0.5, y: 0.75 });
    tool.up(red, { x: 0.5, y: 0.75 }, mouse(), false);
    await settle();
    const patch = host.finish.mock.calls[0]?.[1];
    expect(patch?.size).toEqual([50, 50, 2]);
    expect(patch?.frame?.filter((_v, n) => n % 4 === 3)).toEqual([25, 0, 10, 1]);
    expect([patch?.frame?.[0], patch?.frame?.[5], patch?.frame?.[10]]).toEqual([-1, 1, -1]); // right-handed
  });

  it("with keys alone", async () => {
    const { host, tool } = placing("line");
    const red = surface();
    tool.key(red, press("Enter"));
    for (let n = 0; n < 25; n++) tool.key(red, press("ArrowLeft"));
    tool.key(red, press("Enter"));
    await settle();
    const [from, to] = host.finish.mock.calls[0]?.[1].points ?? [];
    expect(from).toEqual([0, 0, 10]);
    expect(to?.[0]).toBeCloseTo(50);
  });

  it("in 3D on what is seen there", async () => {
    const { host, tool } = placing("points");
    click(tool, surface(fromFront, "1"), 0.5, 0.5);
    await settle();
    await settle();
    expect(host.make).toHaveBeenCalledWith("points", { points: [[1, 2, 3]] }, expect.any(String));
  });

  it("leaves other buttons to the view", () => {
    const { tool, now } = placing("line");
    expect(tool.down(surface(), { x: 0, y: 0 }, mouse({ button: 2 }))).toBe(false);
    expect(tool.down(surface(), { x: 0, y: 0 }, mouse({ shiftKey: true }))).toBe(false);
    now.kind = null;
    expect(tool.down(surface(), { x: 0, y: 0 }, mouse())).toBe(false);
  });
});

describe("editing", () => {
  function editing(all: MarkupState[]) {
    const now: { chosen: { id: string; index: number | null } | null } = { chosen: null };
    const host = {
      isOff: () => false,
      markups: () => all,
      markup: (id: string) => all.find((one) => one.id === id),
      chosen: () => now.chosen,
      choose: (id: string | null, index: number | null) => {
        now.chosen = id === null ? null : { id, index };
      },
      hover: vi.fn(),
      move: vi.fn(),
      finish: vi.fn(),
      remove: vi.fn(),
      change: vi.fn(),
    } satisfies EditingHost;
    return { host, now, tool: new Editing(host) };
  }

  it("drags a point and tells it once more when it is let go", () => {
    const { host, now, tool } = editing([line]);
    const red = surface();
    expect(tool.down(red, { x: 0.755, y: 0.5 }, mouse())).toBe(true);
    tool.move(red, { x: 0.805, y: 0.5 });
    expect(host.move.mock.calls[0]?.[2]).toMatchObject({ index: 0 });
    tool.up(red, { x: 0.805, y: 0.5 }, mouse(), false);
    expect(host.finish.mock.calls[0]?.[1].position[0]).toBeCloseTo(-60);
    expect(now.chosen).toEqual({ id: "line", index: 0 });
  });

  it("puts it back where the drag is broken off", () => {
    const { host, tool } = editing([line]);
    const red = surface();
    tool.down(red, { x: 0.75, y: 0.5 }, mouse());
    tool.move(red, { x: 0.9, y: 0.5 });
    tool.up(red, { x: 0.9, y: 0.5 }, mouse(), true);
    expect(host.finish.mock.calls[0]?.[1]).toEqual({ index: 0, position: line.points?.[0] }); // what others move stays
  });

  it("takes a finger's breadth for a finger", () => {
    const { tool } = editing([line]);
    expect(tool.down(surface(), { x: 0.79, y: 0.5 }, mouse())).toBe(false);
    expect(tool.down(surface(), { x: 0.79, y: 0.5 }, mouse({ pointerType: "touch" }))).toBe(true);
  });

  it("removes by keys: a point of a curve, else all of it", () => {
    const curve = markup("curve", {
      points: [
        [0, 0, 10],
        [5, 0, 10],
        [9, 9, 10],
      ],
    });
    const { host, tool } = editing([line, curve]);
    host.choose("curve", 1);
    tool.key(surface(), press("Delete"));
    expect(host.change).toHaveBeenCalledWith("curve", { remove: 1 });
    host.choose("line", 0);
    tool.key(surface(), press("Delete"));
    expect(host.remove).toHaveBeenCalledWith("line");
    host.choose(null, null);
    expect(tool.key(surface(), press("Delete"))).toBe(false);
  });
});

it("drags as the user has chosen, and not in 3D", () => {
  const tool = new Dragging(() => "scroll");
  const red = surface();
  expect(tool.down(red, { x: 0.5, y: 0.5 }, mouse())).toBe(true);
  tool.move(red, { x: 0.5, y: 0.42 });
  expect(red.model.change).toHaveBeenCalledWith({ offset: 14 });
  expect(tool.down(surface(fromFront), { x: 0.5, y: 0.5 }, mouse())).toBe(false);
});

it("measures and says it as radiologists do", () => {
  expect(
    lengthOf([
      [0, 0, 0],
      [3, 4, 0],
      [3, 4, 2],
    ]),
  ).toBe(7);
  expect(
    angleAt([
      [1, 0, 0],
      [0, 0, 0],
      [0, 5, 0],
    ]),
  ).toBeCloseTo(90);
  expect(measured(12.345, "mm")).toBe("12.3 mm");
  expect(measured(1520, "mm3")).toBe("1.5 cm³");
  expect(measured(89.96, "deg")).toBe("90.0°");
  expect(shortLabel("Line-2", "Line", 1)).toBe("2");
  expect(shortLabel("apex", "Line", 1)).toBe("apex");
  expect(place([-12.34, 5, -6])).toBe("L 12.3  A 5.0  I 6.0 mm");
});
