import { describe, expect, it } from "vitest";
import { conditionsOf, EVERYTHING, keysOf, rangeOf, seriesOf, studyOf } from "../src/net/archive/dicom";
import { Interrupted, mayBeDicom, type Outcome, outcomeOf, outcomeOfJob } from "../src/net/archive/store";
import { moreOf, type Page, zipUrl } from "../src/net/archive/studies";
import { placeOf } from "../src/state/archive/browser";
import { PAGE_ROWS, Paged } from "../src/state/archive/paged";
import { AT_A_TIME, isLeftOut, type Send, Uploads } from "../src/state/archive/uploads";
import { scrollTo, seen } from "../src/state/archive/window";
import { refusalsOf } from "../src/ui/archive/JobsPage";
import { size } from "../src/ui/archive/texts";

const turn = () => new Promise((resolve) => setTimeout(resolve));

describe("the window on a long list", () => {
  it("draws what is seen and some rows around it", () => {
    expect(seen(1000, 40, 4000, 400, 5)).toEqual({ first: 95, last: 115, topPx: 3800, heightPx: 40_000 });
    expect(seen(3, 40, 0, 400)).toEqual({ first: 0, last: 3, topPx: 0, heightPx: 120 });
    expect(seen(0, 40, 0, 400)).toEqual({ first: 0, last: 0, topPx: 0, heightPx: 0 });
  });

  it("does not follow a scroll position that is out of the list", () => {
    expect(seen(100, 40, 99_999, 400, 0)).toMatchObject({ first: 90, last: 100, topPx: 3600 });
    expect(seen(100, 40, -50, 400, 0)).toMatchObject({ first: 0, topPx: 0 });
  });

  it("reaches every row of lists that are taller than browsers can draw", () => {
    const all = 5_000_000;
    const end = seen(all, 40, 1e6 - 400, 400, 0, 1e6);
    expect(end).toMatchObject({ first: all - 10, last: all, heightPx: 1e6 });
    expect(end.topPx).toBeCloseTo(1e6 - 400, 3);
    for (const row of [0, 1, 77_777, 2_500_000, all - 1]) {
      const there = seen(all, 40, scrollTo(row, all, 40, 0, 400, 1e6), 400, 0, 1e6);
      expect(there.first).toBeLessThanOrEqual(row);
      expect(there.last).toBeGreaterThan(row);
    }
  });

  it("scrolls no further than it takes to see a row", () => {
    expect(scrollTo(5, 1000, 40, 100, 400)).toBe(100);
    expect(scrollTo(0, 1000, 40, 100, 400)).toBe(0);
    expect(scrollTo(20, 1000, 40, 100, 400)).toBe(440);
    expect(scrollTo(2, 3, 40, 0, 400)).toBe(0);
  });
});

interface Asked {
  query: string;
  offset: number;
  signal: AbortSignal;
  answer: (page: Page<string>) => void;
  fail: (error: Error) => void;
}

function paged() {
  const asked: Asked[] = [];
  const list = new Paged<string, string>(
    (query, offset, _limit, signal) =>
      new Promise((answer, fail) => asked.push({ query, offset, signal, answer, fail })),
    () => undefined,
  );
  return { asked, list };
}

const rows = (name: string, count = PAGE_ROWS) => Array.from({ length: count }, (_, i) => `${name}${i}`);

describe("a paged list", () => {
  it("fetches the pages that are looked at, once, and knows how many there are", async () => {
    const { asked, list } = paged();
    list.search("a");
    asked[0]?.answer({ rows: rows("a"), more: 900 });
    await turn();
    expect([list.total, list.searching, list.row(7), list.row(250)]).toEqual([1000, false, "a7", undefined]);
    list.need(190, 210);
    list.need(191, 211);
    expect(asked.slice(1).map((one) => one.offset)).toEqual([100, 200]);
    asked[2]?.answer({ rows: rows("c"), more: 700 });
    await turn();
    expect([list.row(205), list.row(195)]).toEqual(["c5", undefined]);
  });

  it("never lets a late answer overwrite a newer one", async () => {
    const { asked, list } = paged();
    list.search("sm");
    list.search("smith");
    expect(asked[0]?.signal.aborted).toBe(true);
    asked[1]?.answer({ rows: ["Smith"], more: 0 });
    await turn();
    asked[0]?.answer({ rows: ["Small", "Smith"], more: 0 });
    await turn();
    expect([list.total, list.row(0)]).toEqual([1, "Smith"]);
  });

  it("keeps what it shows until the answer to the next search", async () => {
    const { asked, list } = paged();
    list.search("a");
    asked[0]?.answer({ rows: ["one"], more: 0 });
    await turn();
    list.search("b");
    list.need(0, 500);
    expect([list.row(0), list.searching, asked.length]).toEqual(["one", true, 2]);
    asked[1]?.answer({ rows: [], more: 0 });
    await turn();
    expect([list.total, list.row(0)]).toEqual([0, undefined]);
  });

  it("gives up pages that were scrolled past", async () => {
    const { asked, list } = paged();
    list.search("a");
    asked[0]?.answer({ rows: rows("a"), more: 99_900 });
    await turn();
    list.need(500, 520);
    list.need(90_000, 90_020);
    expect([asked[1]?.signal.aborted, asked[2]?.signal.aborted]).toEqual([true, false]);
    asked[1]?.answer({ rows: rows("x"), more: 0 });
    await turn();
    expect([list.total, list.row(500)]).toEqual([100_000, undefined]);
    list.need(500, 520);
    expect(asked[3]?.offset).toBe(500);
  });

  it("says what failed, asks no more by itself, and asks again when told", async () => {
    const { asked, list } = paged();
    list.search("a");
    asked[0]?.fail(new Error("no archive"));
    await turn();
    list.need(0, 20);
    expect([list.fault, list.total, list.searching, asked.length]).toEqual(["no archive", null, false, 1]);
    list.retry();
    expect([list.fault, list.searching]).toEqual(["", true]);
    asked.at(-1)?.answer({ rows: ["x"], more: 0 });
    await turn();
    expect(list.row(0)).toBe("x");
  });

  it("searches anew where the end of the list is gone", async () => {
    const { asked, list } = paged();
    list.search("a");
    asked[0]?.answer({ rows: rows("a"), more: 50 });
    await turn();
    list.need(120, 140);
    asked[1]?.answer({ rows: [], more: 0 });
    await turn();
    asked[2]?.answer({ rows: rows("a", 30), more: 0 });
    await turn();
    expect(list.total).toBe(30);
  });

  it("forgets pages that were looked at long ago", async () => {
    const { asked, list } = paged();
    list.search("a");
    asked[0]?.answer({ rows: rows("a"), more: 99_900 });
    await turn();
    for (let page = 1; page < 90; page += 1) {
      list.need(page * 100, page * 100 + 1);
      asked.at(-1)?.answer({ rows: rows("p"), more: 100 });
      await turn();
    }
    expect([list.row(0), list.row(8900)]).toEqual([undefined, "p0"]);
  });
});

const file = (name: string, bytes = 10) => new File([new Uint8Array(bytes)], name);
const stored: Outcome = { stored: 1, refused: [], refusals: 0 };

function uploads() {
  const sent: { file: File; signal: AbortSignal; end: (o: Outcome) => void; fail: (e: Error) => void }[] = [];
  const send: Send = (one, onSent, signal) =>
    new Promise((end, fail) => {
      onSent(4);
      signal.addEventListener("abort", () => fail(new DOMException("given up", "AbortError")));
      sent.push({ file: one, signal, end, fail });
    });
  return { sent, all: new Uploads(send, () => undefined) };
}

describe("uploads", () => {
  it("send some files at a time and count what became of each", async () => {
    const { sent, all } = uploads();
    all.add(Array.from({ length: 10 }, (_, i) => file(`${i}.dcm`)));
    expect([sent.length, all.now.files, all.now.bytes, all.now.sent]).toEqual([
      AT_A_TIME,
      10,
      100,
      4 * AT_A_TIME,
    ]);
    for (let i = 0; i < 10; i += 1) {
      const refused = {
        stored: 0,
        refused: [{ name: `${i}.dcm`, reason: "no DICOM" }],
        refusals: 1,
        leftOut: 0,
      };
      sent[i]?.end(i === 3 ? refused : stored);
      await turn();
    }
    expect(all.now).toMatchObject({ state: "done", done: 10, stored: 9, refusals: 1, sent: 100 });
    expect(all.now.refused).toEqual([{ name: "3.dcm", reason: "no DICOM" }]);
  });

  it("leave out what is no image by its name", () => {
    const { sent, all } = uploads();
    all.add([file(".DS_Store"), file("DICOMDIR"), file("a.dcm"), file("Thumbs.db")]);
    expect([sent.length, all.now.leftOut]).toEqual([1, 3]);
    expect(isLeftOut(file("IM0001"))).toBe(false);
  });

  it("stop where the server is gone, and go on with the same file", async () => {
    const { sent, all } = uploads();
    all.add([file("a"), file("b"), file("c"), file("d"), file("e")]);
    for (const one of sent.slice(0, 4)) one.fail(new Interrupted("the connection was lost"));
    await turn();
    expect([all.now.state, all.now.fault, all.now.done, sent.length]).toEqual([
      "stopped",
      "the connection was lost",
      0,
      4,
    ]);
    all.resume();
    for (let i = 4; i < 9; i += 1) {
      sent[i]?.end(stored);
      await turn();
    }
    expect(all.now).toMatchObject({ state: "done", stored: 5, fault: "" });
  });

  it("are cancelled at once, and others can follow at once", async () => {
    const { sent, all } = uploads();
    all.add(Array.from({ length: 8 }, (_, i) => file(`${i}`)));
    all.cancel();
    expect([all.now.state, sent.every((one) => one.signal.aborted)]).toEqual(["cancelled", true]);
    all.add([file("next")]);
    await turn();
    expect(sent.at(-1)?.file.name).toBe("next");
    sent.at(-1)?.end(stored);
    await turn();
    expect(all.now).toMatchObject({ state: "done", files: 1, done: 1, stored: 1 });
  });

  it("take the reason out of the server's answer", () => {
    const item = { "00000902": { vr: "LO", Value: ["it is no DICOM file"] } };
    const text = JSON.stringify({ "0008119A": { vr: "SQ", Value: [item] } });
    expect(outcomeOf({ status: 409, text }, "a.txt").refused).toEqual([
      { name: "a.txt", reason: "it is no DICOM file" },
    ]);
    expect(outcomeOf({ status: 200, text: "{}" }, "a").stored).toBe(1);
    expect(outcomeOf({ status: 413, text: "<html>" }, "a").refused[0]?.reason).toContain("413");
    expect(() => outcomeOf({ status: 503, text: '{"message":"no archive"}' }, "a")).toThrow("no archive");
  });

  it("are spared the way where files are no DICOM by their beginning", async () => {
    const marked = new Uint8Array(132);
    marked.set([0x44, 0x49, 0x43, 0x4d], 128);
    const may = (...bytes: number[]) => mayBeDicom(new Blob([new Uint8Array([...bytes, 0, 0, 0, 0])]));
    expect(await mayBeDicom(new Blob([marked]))).toBe(true);
    expect([await may(8, 0, 5, 0), await may(2, 0, 0, 0), await may(0, 8, 0, 5)]).toEqual([true, true, true]);
    expect([await may(0x4d, 0x5a, 0, 0), await may(), await mayBeDicom(new Blob([]))]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it("read what became of a zip", () => {
    const counts = { stored: 2, identical: 3, failed: 4, other: 1 };
    const job = { state: "done", result: { counts, refused: [{ name: "x", reason: "y" }] } };
    expect(outcomeOfJob(job as never)).toMatchObject({ stored: 5, refusals: 5 });
    const failed = { state: "failed", title: "a.zip", error: "it is damaged" };
    expect(outcomeOfJob(failed as never).refused).toEqual([{ name: "a.zip", reason: "it is damaged" }]);
  });
});

describe("searches", () => {
  it("become conditions of QIDO-RS", () => {
    const search = {
      ...EVERYTHING,
      patient: " Doe Jane ",
      patientId: "P1",
      description: "head*",
      from: "2024-01-31",
      modality: "ct",
    };
    expect(Object.fromEntries(conditionsOf(search))).toEqual({
      PatientName: "Doe Jane",
      PatientID: "P1*",
      StudyDescription: "*head*",
      StudyDate: "20240131-",
      ModalitiesInStudy: "CT",
      fuzzymatching: "true",
    });
    expect([...conditionsOf({ ...EVERYTHING, patientId: "P1", patient: "***" }).keys()]).toEqual([
      "PatientID",
    ]);
    expect([rangeOf("", ""), rangeOf("", "2024-02-01")]).toEqual(["", "-20240201"]);
  });

  it("become keys of C-FIND", () => {
    const keys = keysOf({ ...EVERYTHING, patient: "doe, j", to: "2024-02-01" });
    expect(keys).toMatchObject({ PatientName: "*doe*j*", StudyDate: "-20240201", StudyInstanceUID: "" });
    expect(keys).not.toHaveProperty("fuzzymatching");
  });

  it("are answered by studies and series as people read them", () => {
    const study = studyOf({
      "0020000D": { Value: ["1.2"] },
      "00100010": { Value: [{ Alphabetic: "Doe^Jane^^Dr" }] },
      "00080020": { Value: ["20240131"] },
      "00080030": { Value: ["101530.5"] },
      "00080061": { Value: ["CT", "PT"] },
      "00201208": { Value: [300] },
    });
    expect(study).toMatchObject({
      patient: "Doe, Jane, Dr",
      date: "2024-01-31",
      time: "10:15",
      instances: 300,
    });
    expect(study.modalities).toEqual(["CT", "PT"]);
    expect(seriesOf({}).instances).toBe(0);
    expect(moreOf("299 http://h/dicom: There are 1234 additional results that can be requested")).toBe(1234);
    expect(moreOf(null)).toBe(0);
  });
});

describe("the pages' words and places", () => {
  it("are found by their hash", () => {
    expect(placeOf("#studies/1.2.3")).toEqual({ page: "studies", detail: "1.2.3" });
    expect(placeOf("#jobs")).toEqual({ page: "jobs", detail: "" });
    expect([placeOf("#server"), placeOf(""), placeOf("#studies/<b>")]).toEqual([null, null, null]);
  });

  it("tell sizes, zips and refusals", () => {
    expect([size(999), size(1500), size(525_000_000)]).toEqual(["999 B", "1.5 kB", "525 MB"]);
    expect(zipUrl("1.2", "3")).toBe("/dicom/studies/1.2/series/3?accept=application%2Fzip");
    expect(refusalsOf({ refused: [{ name: "a", reason: "b" }] })).toEqual(["a: b"]);
    expect(refusalsOf({ completed: 3, failed: 0 })).toEqual([]);
    expect(refusalsOf(null)).toEqual([]);
  });
});
