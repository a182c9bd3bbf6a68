import { describe, expect, it } from "vitest";
import { HEADER_BYTES, parsePicture } from "../src/net/protocol";

function message(payload: number, change: (view: DataView) => void = () => {}): ArrayBuffer {
  const buffer = new ArrayBuffer(HEADER_BYTES + payload);
  const view = new DataView(buffer);
  view.setUint8(0, 1);
  view.setUint8(1, 1);
  view.setUint16(2, HEADER_BYTES, true);
  view.setUint32(4, 7, true);
  view.setUint32(16, 42, true);
  view.setUint16(24, 640, true);
  view.setUint32(60, payload, true);
  change(view);
  return buffer;
}

describe("parsePicture", () => {
  it("reads the fields and gives the payload without a copy", () => {
    const buffer = message(10);
    const picture = parsePicture(buffer);
    expect([picture.stream, picture.n, picture.width]).toEqual([7, 42, 640]);
    expect(picture.payload.buffer).toBe(buffer);
    expect(picture.payload.length).toBe(10);
  });

  it.each([
    ["too short", new ArrayBuffer(63)],
    ["another version", message(4, (v) => v.setUint8(0, 2))],
    ["a length too large", message(4, (v) => v.setUint32(60, 5, true))],
    ["a length too small", message(4, (v) => v.setUint32(60, 3, true))],
    ["a huge length", message(4, (v) => v.setUint32(60, 0xffffffff, true))],
    ["a header too short", message(4, (v) => v.setUint16(2, 60, true))],
    ["a header past the end", message(4, (v) => v.setUint16(2, 65535, true))],
  ])("refuses %s", (_what, buffer) => {
    expect(() => parsePicture(buffer)).toThrow(RangeError);
  });
});
