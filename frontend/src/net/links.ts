/** `slicer:` links: what one asks for, in words; opening it here; offering to take them from the browser. */
import { here } from "./place";

const SCHEMES = ["slicer:", "web+slicer:"];

export interface Asked {
  link: string;
  /** What it wants fetched, for the user to agree to: host names and ids, no tokens. */
  what: string[];
}

/** The link that the page was called with, taken out of the address bar, for it may hold a token. */
export function takeLink(): Asked | null {
  const match = /^#open=(.+)$/.exec(location.hash);
  if (!match?.[1]) return null;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    return describe(decodeURIComponent(match[1]));
  } catch {
    return null;
  }
}

/** What a link asks for, null if it is none. The server reads it again by its own rules. */
export function describe(link: string): Asked | null {
  const scheme = link.trim().split(":", 1)[0]?.toLowerCase();
  if (!SCHEMES.includes(`${scheme}:`)) return null;
  const query = link.split("?").slice(1).join("?");
  const what: string[] = [];
  let study = "";
  let endpoint = "";
  for (const item of query.split("&")) {
    const [name, ...rest] = item.split("=");
    const value = decoded(rest.join("="));
    if (name === "studyUID" || name === "StudyInstanceUID") study = value;
    else if (name === "dicomweb_endpoint") endpoint = hostOf(value);
    else if (["download", "image", "volume", "segmentation"].includes(name ?? ""))
      what.push(`${lastOf(value)} from ${hostOf(value)}`);
  }
  if (study) what.unshift(endpoint ? `study ${study} from ${endpoint}` : `study ${study}`);
  return what.length ? { link, what } : null;
}

function decoded(text: string): string {
  try {
    const once = decodeURIComponent(text).trim();
    return /^https?%3a/i.test(once) ? decodeURIComponent(once) : once;
  } catch {
    return text;
  }
}

function hostOf(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return "an unknown address";
  }
}

function lastOf(address: string): string {
  return address.split("?", 1)[0]?.split("/").pop() || "a file";
}

/** Have the server open a link; its progress comes through the stream. Throws with the server's message. */
export async function openLink(link: string): Promise<void> {
  const response = await fetch(here("/api/open"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ url: link }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer?.error?.message ?? `the server answered ${response.status}`);
}

/** Whether the browser lets a page take `web+slicer:` links (only over https or from this machine). */
export function canTakeLinks(): boolean {
  return typeof navigator.registerProtocolHandler === "function";
}

/** Ask the browser to send `web+slicer:` links here; it asks its user. Call it for a click only. */
export function takeLinks(): void {
  navigator.registerProtocolHandler("web+slicer", `${location.origin}/slicer?url=%s`);
}
