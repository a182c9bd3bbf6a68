/** Ties the brush to the segment that is edited. */
import { effect } from "@preact/signals";
import { wordsOf } from "../../net/archive/ask";
import { step } from "../../net/nodes";
import { paint } from "../../net/segments";
import { intercept } from "../../view/interceptors";
import { Brush, type Mode } from "../../view/segments/brush";
import { openPanel } from "../shell";
import { pictures, scene, states, toast, VIEWS } from "../store";
import {
  apply,
  attempt,
  current,
  maskRange,
  measures,
  overwrite,
  radius,
  segment,
  shape,
  stepSegment,
  type Tool,
  tool,
} from "./segments";

/** What the user reads of what is done here. */
export interface PaintingWords {
  keep_at: string;
  remove_at: string;
  noSegment: string;
}

let words: PaintingWords = { keep_at: "", remove_at: "", noSegment: "" };
const ages: number[] = [];
const KEPT_AGES = 500;

const KEYS: Record<string, Tool> = { "1": "paint", "2": "erase", "3": "keep_at", "4": "remove_at" };
let last: Tool = "paint";

const isOpen = () => openPanel.peek() === "segmentation";

function cssOf([red, green, blue]: number[], alpha: number): string {
  const parts = [red, green, blue].map((part) => Math.round((part ?? 0) * 255));
  return `rgb(${parts.join(" ")} / ${Math.round(alpha * 100)}%)`;
}

function modeOf(): Mode | null {
  if (!isOpen()) return null;
  const now = tool.peek();
  if (now === "paint" || now === "erase") return now;
  return now ? "pick" : null;
}

/** As in Slicer: digits choose an effect, space goes back to the last one, Q and W go through the segments, Z and Y undo. */
function key(event: KeyboardEvent): boolean {
  if (!isOpen() || event.ctrlKey || event.metaKey || event.altKey) return false;
  const wanted = KEYS[event.key];
  if (wanted) choose(wanted);
  else if (event.key === " ") choose(tool.peek() ? "" : last);
  else if (event.key === "Escape" && tool.peek()) choose("");
  else if (event.key === "q") stepSegment(-1);
  else if (event.key === "w") stepSegment(1);
  else if (event.key === "[" && brush.isPainting()) brush.resize(1 / 1.1);
  else if (event.key === "]" && brush.isPainting()) brush.resize(1.1);
  else if (event.key === "z") void attempt(() => step("undo"));
  else if (event.key === "y") void attempt(() => step("redo"));
  else return false;
  return true;
}

/** Choose a tool, or put it away. */
export function choose(wanted: Tool): void {
  if (tool.peek()) last = tool.peek();
  tool.value = wanted;
}

export const brush = new Brush({
  mode: modeOf,
  radius: () => radius.peek(),
  setRadius(mm) {
    radius.value = mm;
  },
  isSphere: () => shape.peek() === "sphere",
  color() {
    const one = segment.peek();
    return one ? cssOf(one.color, 0.6) : null;
  },
  async paint(points, normal, erase, stroke) {
    const node = current.peek();
    const one = segment.peek();
    if (!node || !one) throw new Error(words.noSegment);
    measures.value = null;
    const mask = maskRange.peek();
    return paint(node.id, {
      segment: one.id,
      points,
      radius: radius.peek(),
      ...(normal ? { normal } : {}),
      erase,
      overwrite: overwrite.peek(),
      ...(mask ? { range: mask } : {}),
      stroke,
    });
  },
  picked(point) {
    const operation = tool.peek();
    if (operation === "keep_at" || operation === "remove_at")
      void apply({ type: "islands", operation, point }, words[operation]);
  },
  shown: (view) => pictures(view).peek()?.rev ?? 0,
  nothingToPaint: () => toast(words.noSegment, "warning"),
  failed: (error) => toast(wordsOf(error), "error"),
  key,
  aged(ms) {
    ages.push(ms);
    if (ages.length > KEPT_AGES) ages.shift();
  },
});

let isStarted = false;

/** Begin; a second call does nothing. */
export function startPainting(said: PaintingWords): void {
  words = said;
  if (isStarted) return;
  isStarted = true;
  intercept(brush);
  effect(() => {
    const views = new Set([...VIEWS, ...scene.value.views]);
    for (const view of views) {
      pictures(view).value;
      states(view).value;
      brush.pictured(view);
    }
    brush.redraw();
  });
  effect(() => {
    tool.value;
    radius.value;
    segment.value;
    if (openPanel.value !== "segmentation") tool.value = "";
    brush.redraw();
  });
  Object.assign((window as { slicecast?: object }).slicecast ?? {}, { strokeAges: () => [...ages] });
}
