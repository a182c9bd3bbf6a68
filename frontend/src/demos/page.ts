/** What all demo pages have: elements by id, figures, a histogram, and a word on how the server is. */
import { histogram, type Summary } from "./meter";

export function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as unknown as T;
}

export const milliseconds = (ms: number | null): string =>
  ms === null ? "–" : `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

/** Write a summary into the elements of `root` that name its fields in `data-figure`. */
export function showFigures(root: ParentNode, summary: Summary): void {
  const texts: Record<string, string> = {
    count: String(summary.count),
    perSecond: summary.perSecond.toFixed(summary.perSecond < 10 ? 1 : 0),
    p50: milliseconds(summary.p50),
    p95: milliseconds(summary.p95),
    max: milliseconds(summary.max),
  };
  for (const element of root.querySelectorAll<HTMLElement>("[data-figure]")) {
    const text = texts[element.dataset.figure ?? ""];
    if (text !== undefined && element.textContent !== text) element.textContent = text;
  }
}

const SVG = "http://www.w3.org/2000/svg";

/** Draw a histogram of times into an element: bars, and the ends of their scale below. */
export function drawHistogram(into: HTMLElement, values: readonly number[]): void {
  const bins = histogram(values);
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${bins.length} 1`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  bins.forEach((bin, index) => {
    const bar = document.createElementNS(SVG, "rect");
    const height = bin.count === 0 ? 0 : Math.max(0.02, bin.count / most);
    bar.setAttribute("x", String(index + 0.06));
    bar.setAttribute("y", String(1 - height));
    bar.setAttribute("width", "0.88");
    bar.setAttribute("height", String(height));
    svg.append(bar);
  });
  const scale = document.createElement("figcaption");
  const end = milliseconds(bins.at(-1)?.to ?? 0);
  scale.append(span("0"), span(values.length ? end : ""));
  into.setAttribute("aria-label", `Histogram of ${values.length} times from 0 to ${end}`);
  into.replaceChildren(svg, scale);
}

function span(text: string): HTMLElement {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

/**
 * Says how the server is, in `#server`, and marks the page while what it shows is not live: the style sheet greys pictures out.
 */
export function sayServer(text: string, isLive: boolean): void {
  const line = byId("server");
  if (line.textContent !== text) line.textContent = text;
  line.dataset.live = String(isLive);
  document.documentElement.classList.toggle("not-live", !isLive);
}

export const LIVE = "Live";
export const AWAY = "The server does not answer; trying again…";
export const STATUS_TEXT: Record<string, string> = {
  starting: "The scene starts…",
  loading: "The scene loads…",
  restarting: "The scene restarts; trying again…",
  failed: "The scene keeps failing; see the server's log.",
};
