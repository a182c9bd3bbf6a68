import { describe, expect, it } from "vitest";
import { type LogEntry, parseEvent } from "../src/net/server";
import { merged } from "../src/state/server";

describe("parseEvent", () => {
  it("reads id, name and data", () => {
    expect(parseEvent("id: 7\nevent: entries\ndata: [1,2]")).toEqual({
      id: "7",
      event: "entries",
      data: "[1,2]",
    });
  });

  it("joins lines of data and takes off one space only", () => {
    expect(parseEvent("data:  a\ndata:b")?.data).toBe(" a\nb");
  });

  it("is null for comments", () => {
    expect(parseEvent(": still here")).toBeNull();
  });
});

describe("merged", () => {
  const entry = (n: number): LogEntry => ({ n, time: 0, kind: "access", level: "info" });

  it("keeps the newest first, each once, within the limit", () => {
    const known = [entry(3), entry(2)];
    expect(merged(known, [entry(3), entry(4), entry(5)], 3).map((e) => e.n)).toEqual([5, 4, 3]);
  });
});
