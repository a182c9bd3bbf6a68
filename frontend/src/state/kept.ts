/** Settings of the user, kept by the browser from visit to visit. */
import { effect, type Signal, signal } from "@preact/signals";

const PREFIX = "slicecast.";

/**
 * A signal whose value is kept under `name`. What is found there is checked by `isGood`, for an older version, or another page of this
 * address, may have written it; where the browser keeps nothing it is a signal like any other.
 */
export function kept<T>(name: string, initial: T, isGood: (found: unknown) => found is T): Signal<T> {
  const made = signal(read(name, initial, isGood));
  effect(() => write(name, made.value));
  return made;
}

export const isString = (found: unknown): found is string => typeof found === "string";
export const isBoolean = (found: unknown): found is boolean => typeof found === "boolean";
export const isNumber = (found: unknown): found is number =>
  typeof found === "number" && Number.isFinite(found);

const isTable = (found: unknown): found is Record<string, unknown> =>
  typeof found === "object" && found !== null && !Array.isArray(found);
const areSizes = (found: unknown) =>
  Array.isArray(found) && found.length < 64 && found.every((size) => isNumber(size) && size > 0);

/** Sizes of the parts of layouts. */
export function isShares(found: unknown): found is Record<string, Record<string, number[]>> {
  return (
    isTable(found) && Object.values(found).every((one) => isTable(one) && Object.values(one).every(areSizes))
  );
}

/** One of these words. */
export function oneOf<T extends string>(...words: T[]): (found: unknown) => found is T {
  return (found): found is T => words.includes(found as T);
}

function read<T>(name: string, initial: T, isGood: (found: unknown) => found is T): T {
  try {
    const found = JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
    return isGood(found) ? found : initial;
  } catch {
    return initial;
  }
}

function write(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // full, or forbidden by the browser: the setting lasts as long as the page
  }
}
