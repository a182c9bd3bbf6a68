/** Patches of views' states: new values by field, some of them tables of which a patch gives a part. */
import type { Patch } from "./protocol";

export type Fields = Record<string, unknown>;
export type ById = Record<string, Fields>;

/** Fields whose values are tables by id, of which a patch gives a part. */
export const TABLES = ["rendering"];

/** Two patches as one, the later one on top. */
export function joined(before: Patch, after: Patch): Patch {
  const both = { ...before, ...after };
  for (const name of TABLES)
    if (before[name] && after[name]) both[name] = laidOver(before[name] as ById, after[name] as ById);
  return both;
}

export function laidOver(below: ById, above: ById): ById {
  const both = { ...below };
  for (const [id, fields] of Object.entries(above)) {
    const crop = { ...(below[id]?.crop as Fields), ...(fields.crop as Fields) };
    both[id] = { ...below[id], ...fields, ...(fields.crop ? { crop } : {}) };
  }
  return both;
}
