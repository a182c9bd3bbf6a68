/** The first models of the scene, for the 3D panel; the data panel has all. */
import { effect, signal } from "@preact/signals";
import { nodesNews, scene } from "../store";
import { api, type Change, edit, type Row, withAhead } from "./nodes";

export const MOST_MODELS = 50;
const PAUSE_MS = 250;

const found = signal<{ rows: Row[]; total: number }>({ rows: [], total: 0 });
let asking: AbortController | null = null;
let timer = 0;

/** Words that the names of the listed models have. */
export const modelWords = signal("");

/** Those that are listed, as they are to be shown. */
export const models = (): Row[] => found.value.rows.map(withAhead);
/** How many more there are. */
export const moreModels = (): number => found.value.total - found.value.rows.length;

async function refresh(): Promise<void> {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  try {
    const page = await api("GET /api/nodes", {
      query: { offset: 0, count: MOST_MODELS, kind: "model", search: modelWords.peek().trim() },
      signal: mine.signal,
    });
    found.value = { rows: page.rows, total: page.total };
  } catch {
    // the scene restarts, or the connection is gone: the next word of the server asks again
  }
}

function refreshSoon(): void {
  clearTimeout(timer);
  timer = window.setTimeout(refresh, PAUSE_MS);
}

/** List only models whose names have these words. */
export function searchModels(words: string): void {
  modelWords.value = words;
  refreshSoon();
}

export async function editModel(row: Row, change: Change): Promise<void> {
  const now = await edit(row, change);
  if (!now) return;
  const rows = found.peek().rows.map((one) => (one.key === now.key ? now : one));
  found.value = { ...found.peek(), rows };
}

/** Follow the scene while somebody looks; returns what ends it. */
export function followModels(): () => void {
  void refresh();
  const end = effect(() => {
    const { rev, ids } = nodesNews.value;
    if (scene.value.status !== "ready" || rev === 0) return;
    if (ids === null || found.peek().rows.some(({ id }) => ids.includes(id ?? ""))) refreshSoon();
  });
  return () => {
    end();
    modelWords.value = "";
    clearTimeout(timer);
    asking?.abort();
  };
}
