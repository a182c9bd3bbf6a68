/** What the panel is about to ask or have typed. */
import { signal } from "@preact/signals";
import type { Row } from "../../../state/data/nodes";

/** The row that is to be removed, once that is confirmed. */
export const asking = signal<Row | null>(null);
/** Key of the row whose name is to be typed. */
export const renaming = signal("");
