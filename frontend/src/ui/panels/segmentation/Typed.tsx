/** A field whose text is its user's while it is typed, whatever news of its value come meanwhile. */
import { useState } from "preact/hooks";

interface TypedProps {
  type: "text" | "number";
  value: string | number;
  /** Its name for who does not see it; where it is not in a label. */
  label?: string;
  min?: number;
  maxLength?: number;
  onFocus?(): void;
  /** Typed to its end: Enter, or the focus has gone. */
  onTyped(text: string): void;
}

export function Typed({ type, value, label, min, maxLength, onFocus, onTyped }: TypedProps) {
  const [draft, setDraft] = useState<string | null>(null);
  return (
    <input
      type={type as "number"} // one of the two, which the types want to know apart
      step={type === "number" ? "any" : undefined}
      min={min}
      maxLength={maxLength}
      aria-label={label}
      onFocus={onFocus}
      value={draft ?? value}
      onInput={(event) => setDraft(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape" && draft !== null) {
          event.preventDefault(); // gives up the text, not the panel
          setDraft(null);
        }
      }}
      onBlur={() => {
        setDraft(null);
        if (draft !== null) onTyped(draft);
      }}
    />
  );
}
