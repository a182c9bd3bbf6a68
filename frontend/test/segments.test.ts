import { describe, expect, it, vi } from "vitest";
import type { Vector3 } from "../src/net/protocol";
import type { Edited } from "../src/net/segments";
import { StrokeSender } from "../src/view/segments/strokes";

const answer: Edited = { gained: 1, lost: 0, views: { Red: 5 } };

/** A server that answers when told to. */
function slow() {
  const asked: { points: Vector3[]; answer(): void; fail(): void }[] = [];
  const send = (points: Vector3[]) =>
    new Promise<Edited>((resolve, reject) => {
      asked.push({ points, answer: () => resolve(answer), fail: () => reject(new Error("no")) });
    });
  return { asked, send };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("a stroke on its way", () => {
  it("sends what came meanwhile as one part, from where the last one ended", async () => {
    const { asked, send } = slow();
    const over = vi.fn();
    const sent = vi.fn(() => () => {});
    const sender = new StrokeSender(send, sent, over, 0.5);
    sender.add([0, 0, 0]);
    sender.add([1, 0, 0]);
    sender.add([1.2, 0, 0]); // too near to matter
    sender.add([2, 0, 0]);
    expect(asked.map(({ points }) => points)).toEqual([[[0, 0, 0]]]);
    expect(sender.left).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [2, 0, 0],
    ]);
    asked[0]?.answer();
    await settled();
    expect(asked[1]?.points).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [2, 0, 0],
    ]);
    expect(sender.left).toEqual([]);
    sender.end();
    expect(over).not.toHaveBeenCalled();
    asked[1]?.answer();
    await settled();
    expect(over).toHaveBeenCalledWith(null);
    expect(sent).toHaveBeenCalledTimes(2);
  });

  it("gives up at the first refusal and says why", async () => {
    const { asked, send } = slow();
    const over = vi.fn();
    const answered = vi.fn();
    const sender = new StrokeSender(send, () => answered, over, 0.5);
    sender.add([0, 0, 0]);
    sender.add([5, 0, 0]);
    asked[0]?.fail();
    await settled();
    sender.add([9, 0, 0]);
    await settled();
    expect(asked).toHaveLength(1);
    expect(answered).toHaveBeenCalledWith(null);
    expect(over).toHaveBeenCalledTimes(1);
    expect(String(over.mock.calls[0]?.[0])).toContain("no");
  });

  it("is over at once where everything was sent", async () => {
    const { asked, send } = slow();
    const over = vi.fn();
    const sender = new StrokeSender(send, () => () => {}, over, 0.5);
    sender.add([0, 0, 0]);
    asked[0]?.answer();
    await settled();
    sender.end();
    expect(over).toHaveBeenCalledWith(null);
  });
});
