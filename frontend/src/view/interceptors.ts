/**
 * Who may take an event over a view before the view itself does: measuring, painting, dragging of what is drawn. A gesture that is taken
 * when it begins stays with who took it. Knows nothing of frameworks.
 */
import type { Surface } from "./pointer";

/** Where in a view something happened: fractions of its width and height, from the top left. */
export interface Spot {
  x: number;
  y: number;
}

export interface Interceptor {
  /** A button or finger goes down; true takes the gesture: its moves and its end come here, and the view does nothing with it. */
  down?(surface: Surface, spot: Spot, event: PointerEvent): boolean;
  /** A move of the gesture that was taken. */
  move?(surface: Surface, spot: Spot, event: PointerEvent): void;
  /** The gesture that was taken ends; `cancelled` where it was broken off. */
  up?(surface: Surface, spot: Spot, event: PointerEvent, cancelled: boolean): void;
  /** The pointer moves over a view, whoever has the gesture; null when it leaves. */
  hover?(surface: Surface, spot: Spot | null, event: PointerEvent): void;
  /** True takes the wheel. */
  wheel?(surface: Surface, spot: Spot, event: WheelEvent): boolean;
  /** True takes the key. */
  key?(surface: Surface, event: KeyboardEvent): boolean;
  /** True takes the double click. */
  double?(surface: Surface, spot: Spot, event: MouseEvent): boolean;
}

const asked: Interceptor[] = [];

/** Ask this one too, before those that came earlier; returns what ends it. */
export function intercept(interceptor: Interceptor): () => void {
  asked.unshift(interceptor);
  return () => {
    const index = asked.indexOf(interceptor);
    if (index >= 0) asked.splice(index, 1);
  };
}

export const interceptors: readonly Interceptor[] = asked;

/** Where over an element an event happened: in the middle of the pixel that a mouse or pen is on, where a finger is. */
export function spotOf(element: HTMLElement, event: MouseEvent): Spot {
  const box = element.getBoundingClientRect();
  const half = (event as Partial<PointerEvent>).pointerType === "touch" ? 0 : 0.5 / devicePixelRatio;
  return {
    x: (event.clientX + half - box.left) / (box.width || 1),
    y: (event.clientY + half - box.top) / (box.height || 1),
  };
}
