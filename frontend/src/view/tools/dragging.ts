/** What the left button or a finger does over a view where the user has chosen it: window, scroll, pan, zoom. */
import type { Interceptor, Spot } from "../interceptors";
import { moveTo, type Surface, scrollBy, zoomBy } from "../pointer";
import { pan, windowed } from "../slice";

const SCROLL_PX = 8;

export class Dragging implements Interceptor {
  private last: Spot | null = null;
  private rest = 0;

  constructor(private readonly mode: () => "" | "window" | "scroll" | "pan" | "zoom") {}

  down(surface: Surface, spot: Spot, event: PointerEvent): boolean {
    const isPlain = event.button === 0 && !event.shiftKey && !event.altKey;
    if (!this.mode() || !isPlain || surface.model.state?.kind !== "slice") return false;
    this.last = spot;
    this.rest = 0;
    return true;
  }

  move(surface: Surface, spot: Spot): void {
    const { model } = surface;
    const state = model.state;
    const { last } = this;
    if (!last || state?.kind !== "slice") return;
    const size = surface.size();
    const [right, down] = [spot.x - last.x, spot.y - last.y];
    this.last = spot;
    switch (this.mode()) {
      case "window": {
        const values = windowed(state, right, -down);
        if (values) model.change(values);
        break;
      }
      case "pan":
        moveTo(model, state, pan(state, right * size[0], down * size[1], size), size);
        break;
      case "zoom":
        zoomBy(model, 2 ** (-down * 2), size);
        break;
      case "scroll": {
        this.rest -= (down * size[1]) / (SCROLL_PX * devicePixelRatio);
        const steps = Math.trunc(this.rest) || 0;
        this.rest -= steps;
        if (steps) scrollBy(model, steps);
      }
    }
  }

  up(): void {
    this.last = null;
  }
}
