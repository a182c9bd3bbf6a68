/** The data panel's tree: pages of it as they are looked at, kept up to date by the server's word of what has changed. */
import { computed, effect, signal } from "@preact/signals";
import { type Answer, apiOf } from "../../net/api/ask";
import { Paged } from "../archive/paged";
import { kept } from "../kept";
import { nodesNews, scene, toast } from "../store";

export const api = apiOf();

export type Page = Answer<"GET /api/nodes">;
export type Row = Page["rows"][number];
export type Kind = Exclude<Row["kind"], "segment" | "group" | "folder">;
export type Details = Answer<"GET /api/nodes/{id}">;

interface Query {
  search: string;
  kind: Kind | "";
  toggled: string[];
}

/** What may be set of a row. */
export interface Change {
  name?: string;
  visible?: boolean;
  color?: string;
  opacity?: number;
  transform?: string;
}

const PAUSE_MS = 250;
const MOST_TOGGLED = 400;

const isKeys = (found: unknown): found is string[] =>
  Array.isArray(found) && found.every((key) => typeof key === "string") && found.length <= MOST_TOGGLED;

/** Rows that are open or closed other than at first. */
const toggled = kept<string[]>("data.toggled", [], isKeys);
export const search = signal("");
export const kind = signal<Kind | "">("");
export const counts = signal<Record<string, number>>({});
/** Changes whenever the rows do. */
export const version = signal(0);
/** The row that is chosen, as it was last seen. */
export const chosen = signal<Row | null>(null);
/** What one has set and the server has not answered yet, by the row's key: shown at once. */
const ahead = signal<Record<string, Change>>({});

export const rows = new Paged<Query, Row>(fetchPage, () => {
  renewChosen();
  version.value = version.peek() + 1;
});

async function fetchPage(query: Query, offset: number, count: number, stop: AbortSignal) {
  const asked = {
    offset,
    count,
    search: query.search,
    toggled: query.toggled.join(","),
    ...(query.kind && { kind: query.kind }),
  };
  const page = await api("GET /api/nodes", { query: asked, signal: stop });
  counts.value = page.counts;
  return { rows: page.rows, more: Math.max(page.total - offset - page.rows.length, 0) };
}

/** The row of an index as it is to be shown. */
export function rowAt(index: number): Row | undefined {
  const row = rows.row(index);
  return row && withAhead(row);
}

/** A row with what one has set of it just now. */
export function withAhead(row: Row): Row {
  const set = ahead.value[row.key];
  return set ? { ...row, ...set, transform: row.transform ?? "" } : row;
}

/** The chosen row as it is to be shown. */
export function chosenRow(): Row | null {
  return chosen.value && withAhead(chosen.value);
}

/** What has been fetched may have news of the chosen row. */
function renewChosen(): void {
  const key = chosen.peek()?.key;
  if (!key) return;
  for (let index = seenFirst; index < seenLast; index += 1) {
    const row = rows.row(index);
    if (row?.key === key) chosen.value = row;
  }
}

const query = (): Query => ({ search: search.peek(), kind: kind.peek(), toggled: toggled.peek() });

let timer = 0;
let seenFirst = 0;
let seenLast = 0;

/** Rows from `first` to before `last` are looked at. */
export function look(first: number, last: number): void {
  seenFirst = first;
  seenLast = last;
  rows.need(first, last);
}

function refreshSoon(): void {
  if (!timer) timer = window.setTimeout(refreshNow, PAUSE_MS);
}

export function refreshNow(): void {
  clearTimeout(timer);
  timer = 0;
  if (rows.total === null) rows.search(query());
  else rows.refresh(query());
}

function isSeen(ids: string[]): boolean {
  for (let index = seenFirst; index < seenLast; index += 1) {
    if (ids.includes(rows.row(index)?.id ?? "")) return true;
  }
  return false;
}

/** Follow the scene while somebody looks; returns what ends it. */
export function follow(): () => void {
  refreshNow();
  const ends = [
    effect(() => {
      const { rev, ids } = nodesNews.value;
      if (rev > 0 && (ids === null || isSeen(ids))) refreshSoon();
    }),
    effect(() => {
      if (isReady.value) refreshSoon(); // a restarted scene counts anew
    }),
  ];
  return () => {
    for (const end of ends) end();
    clearTimeout(timer);
    timer = 0;
  };
}

const isReady = computed(() => scene.value.status === "ready");

export function searchFor(text: string, of: Kind | "" = kind.peek()): void {
  search.value = text;
  kind.value = of;
  rows.search(query());
}

/** Open or close a row. */
export function toggle(key: string): void {
  const now = toggled.peek();
  toggled.value = now.includes(key)
    ? now.filter((one) => one !== key)
    : [...now.slice(1 - MOST_TOGGLED), key];
  rows.refresh(query());
}

function tell(key: string, change: Change | null): void {
  const { [key]: before, ...others } = ahead.peek();
  ahead.value = change ? { ...others, [key]: { ...before, ...change } } : others;
  version.value = version.peek() + 1;
}

const sending = new Map<string, { next: Change | null }>();

/**
 * Set values of a row: at once here, and on the server, where of a drag only the newest values wait. Answers what the row is then;
 * null where that is not known, or where an edit that has begun before takes it along.
 */
export async function edit(row: Row, change: Change): Promise<Row | null> {
  tell(row.key, change);
  const busy = sending.get(row.key);
  if (busy) {
    busy.next = { ...busy.next, ...change };
    return null;
  }
  let last: Row | null = null;
  const work: { next: Change | null } = { next: change };
  sending.set(row.key, work);
  try {
    while (work.next) {
      const body = work.next;
      work.next = null;
      const now = await send(row, body);
      last = now;
      const renewed = (old: Row): Row => ({ ...now, depth: old.depth ?? 0, open: old.open === true });
      rows.replace((old) => old.key === row.key, renewed);
      if (chosen.peek()?.key === row.key) chosen.value = renewed(row);
    }
  } catch (error) {
    toast(`${row.name}: ${error instanceof Error ? error.message : error}`, "error");
  } finally {
    sending.delete(row.key);
    tell(row.key, null);
    rows.refresh(query());
  }
  return last;
}

function send(row: Row, body: Change): Promise<Row> {
  const { transform, ...shown } = body;
  if (row.kind === "segment") {
    const path = { id: row.id ?? "", segment: row.segment ?? "" };
    return api("PATCH /api/nodes/{id}/segments/{segment}", { path, body: shown });
  }
  const all = transform === undefined ? shown : { ...shown, transform };
  return api("PATCH /api/nodes/{id}", { path: { id: row.id ?? "" }, body: all });
}

/** Show or hide all of a group. */
export async function showAll(of: Kind, visible: boolean): Promise<void> {
  try {
    await api("PATCH /api/nodes", { body: { kind: of, visible } });
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), "error");
  }
}

/** Remove a node; whether that could be done. */
export async function remove(row: Row): Promise<boolean> {
  try {
    await api("DELETE /api/nodes/{id}", { path: { id: row.id ?? "" } });
    chosen.value = null;
    return true;
  } catch (error) {
    toast(`${row.name}: ${error instanceof Error ? error.message : error}`, "error");
    return false;
  }
}
