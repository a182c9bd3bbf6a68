/** A box above a list that is long: only rows whose names have its words. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { SHELL } from "./texts";

/** Lists have the box from so many rows on. */
export const MANY = 12;

/** Whether a name has all words, in any order and case; any name has none. */
export function hasWords(name: string, words: string): boolean {
  const low = name.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => low.includes(word));
}

interface Props {
  value: string;
  /** How many rows are left. */
  found: number;
  onInput(words: string): void;
}

export function NameFilter({ value, found, onInput }: Props) {
  return (
    <div class="name-filter">
      <SearchField label={SHELL.filter} hint={SHELL.filter} value={value} onInput={onInput} />
      <span class="quiet" role="status">
        {value.trim() && SHELL.filtered(found)}
      </span>
    </div>
  );
}

interface FieldProps {
  label: string;
  hint: string;
  value: string;
  onInput(words: string): void;
}

/** Words to search for; Escape takes them away. */
export function SearchField({ label, hint, value, onInput }: FieldProps) {
  return (
    <input
      type="search"
      placeholder={hint}
      aria-label={label}
      maxLength={200}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !value) return;
        event.preventDefault();
        event.stopPropagation();
        onInput("");
      }}
    />
  );
}

/** A list's rows by their names, and the box where there are many. */
export function useNameFilter<T>(
  rows: T[],
  nameOf: (row: T) => string,
): { box: ComponentChildren; left: T[] } {
  const [words, setWords] = useState("");
  if (rows.length < MANY) return { box: null, left: rows };
  const left = rows.filter((row) => hasWords(nameOf(row), words));
  return { box: <NameFilter value={words} found={left.length} onInput={setWords} />, left };
}
