import { describe, expect, it } from "vitest";
import { Silence } from "../src/net/silence";

const TICK_MS = 250;

/** A connection that was greeted at 0, looked after until `until` while nothing comes. */
function watched(until: number, silence = new Silence(), from = 0) {
  const probes: number[] = [];
  let last = { probe: false, stale: false, dead: false };
  for (let now = from; now <= until; now += TICK_MS) {
    last = silence.look(now, true);
    if (last.probe) probes.push(now);
  }
  return { silence, probes, ...last };
}

function greeted(): Silence {
  const silence = new Silence();
  silence.begin(0);
  silence.heard(0);
  silence.greeted(20_000);
  return silence;
}

describe("silence", () => {
  it("is probed once, told, and then taken for death", () => {
    const { silence, probes, stale } = watched(4000, greeted());
    expect(probes).toEqual([2250]);
    expect(stale).toBe(false);
    expect(watched(4500, silence, 4250).stale).toBe(true);
    expect(watched(12_000, silence, 4750)).toMatchObject({ probes: [], stale: true, dead: false });
    expect(watched(12_500, silence, 12_250).dead).toBe(true);
  });

  it("means nothing where answers come", () => {
    const silence = greeted();
    for (let now = 0; now < 60_000; now += TICK_MS) {
      const { probe, stale, dead } = silence.look(now, true);
      expect([stale, dead]).toEqual([false, false]);
      if (probe) silence.heard(now + 100);
    }
  });

  it("is broken now and then where one only hears", () => {
    const silence = greeted();
    const probes: number[] = [];
    for (let now = 0; now <= 45_000; now += TICK_MS) {
      silence.heard(now);
      if (!silence.look(now, true).probe) continue;
      probes.push(now);
      silence.sent(now);
    }
    expect(probes).toEqual([20_250, 40_500]);
  });

  it("is told two seconds after the first of many questions", () => {
    const silence = greeted();
    for (let now = 0; now <= 2000; now += TICK_MS) {
      silence.asked(now); // as a drag does
      expect(silence.look(now, true).stale).toBe(false);
    }
    expect(silence.look(2250, true).stale).toBe(true);
    silence.heard(2300);
    expect(silence.look(2500, true).stale).toBe(false);
  });

  it("is not taken for death by a page that has slept", () => {
    const { silence } = watched(3000, greeted());
    expect(silence.look(600_000, true)).toMatchObject({ stale: false, dead: false });
    expect(watched(611_000, silence, 600_250).dead).toBe(true);
  });

  it("ends an attempt that is never answered", () => {
    const silence = new Silence();
    silence.begin(0);
    let dead = false;
    for (let now = 0; now <= 10_250; now += TICK_MS) dead = silence.look(now, false).dead;
    expect(dead).toBe(true);
    silence.end();
    expect(silence.look(10_500, false)).toEqual({ probe: false, stale: true, dead: false });
  });
});
