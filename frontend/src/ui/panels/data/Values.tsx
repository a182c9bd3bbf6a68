/** Nested values as lists that open; what is closed is not in the document. */
import { useState } from "preact/hooks";

const MOST = 200;

export function Values({ value }: { value: Record<string, unknown> }) {
  const entries = Object.entries(value);
  return (
    <ul class="data-values">
      {entries.slice(0, MOST).map(([name, one]) => (
        <li key={name}>
          {isGroup(one) ? (
            <Group name={name} value={one} />
          ) : (
            <>
              <b>{name}</b> {wordsOf(one)}
            </>
          )}
        </li>
      ))}
      {entries.length > MOST && <li>{`… ${entries.length - MOST}`}</li>}
    </ul>
  );
}

function Group({ name, value }: { name: string; value: Record<string, unknown> }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{name}</summary>
      {isOpen && <Values value={value} />}
    </details>
  );
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
  );
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsOf).join("  ");
  if (value === null || typeof value === "object") return "";
  return String(value);
}
