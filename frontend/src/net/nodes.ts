/** Requests about nodes of any kind, and about the history of their edits. */
import { askApi } from "./ask";
import { here } from "./place";

/** Where a node is as a file; the name's ending chooses the format. */
export const fileOf = (id: string, name: string): string =>
  here(`/api/nodes/${encodeURIComponent(id)}/file?as=${encodeURIComponent(name)}`);

/** Take back the newest edit of the scene, or do again what was taken back. */
export const step = (what: "undo" | "redo"): Promise<{ text: string }> => askApi("POST", `/api/${what}`);
