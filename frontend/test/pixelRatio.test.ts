import { expect, it, vi } from "vitest";
import { onPixelRatio } from "../src/view/pixelRatio";

it("tells of every change of the screen's density until it is ended", () => {
  const asked: string[] = [];
  let heard: (() => void) | null = null;
  vi.stubGlobal("matchMedia", (query: string) => {
    asked.push(query);
    return {
      addEventListener: (_type: string, listener: () => void) => {
        heard = listener;
      },
      removeEventListener: (_type: string, listener: () => void) => {
        if (heard === listener) heard = null;
      },
    };
  });
  const goTo = (ratio: number) => {
    vi.stubGlobal("devicePixelRatio", ratio);
    heard?.();
  };
  vi.stubGlobal("devicePixelRatio", 1);
  const changed = vi.fn();
  const end = onPixelRatio(changed);
  goTo(2);
  goTo(1.5);
  expect(changed).toHaveBeenCalledTimes(2);
  expect(asked).toEqual(["(resolution: 1dppx)", "(resolution: 2dppx)", "(resolution: 1.5dppx)"]);
  end();
  goTo(1);
  expect(changed).toHaveBeenCalledTimes(2);
  vi.unstubAllGlobals();
});
