/** Fields that panels are made of: each with its label, and what it is now in words. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface CheckProps {
  label: string;
  /** A key that does the same. */
  hint?: string;
  value: boolean;
  disabled?: boolean;
  onChange(value: boolean): void;
}

export function Check({ label, hint, value, disabled, onChange }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={value}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
      {hint && <kbd>{hint}</kbd>}
    </label>
  );
}

interface RangeProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step?: number | "any";
  /** The value in words. */
  text: string;
  disabled?: boolean;
  onInput(value: number): void;
  /** A double click gives this value back. */
  usual?: number;
}

export function Range({ label, value, min, max, step, text, disabled, onInput, usual }: RangeProps) {
  return (
    <label class="range">
      <span>{label}</span>
      <span class="value" aria-hidden="true">
        {text}
      </span>
      <input
        type="range"
        min={min}
        max={max}
        step={step ?? "any"}
        value={value}
        disabled={disabled}
        aria-label={label}
        aria-valuetext={text}
        onInput={(event) => onInput(event.currentTarget.valueAsNumber)}
        onDblClick={() => usual !== undefined && onInput(usual)}
      />
    </label>
  );
}

interface NumberFieldProps {
  label: string;
  value: number;
  min?: number;
  max?: number;
  step?: number;
  /** Digits after the point that are shown at most. */
  digits: number;
  /** A number within the bounds was typed, or chosen by arrow keys. */
  onSet(value: number): void;
}

/** A number that is typed: news of the server do not write over what somebody is just writing. */
export function NumberField({ label, value, min, max, step, digits, onSet }: NumberFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <input
      type="number"
      min={min}
      max={max}
      step={step ?? "any"}
      value={typed ?? Number(value.toFixed(digits))}
      aria-label={label}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => setTyped(null)}
      onChange={(event) => {
        const wanted = event.currentTarget.valueAsNumber;
        setTyped(null);
        if (Number.isFinite(wanted) && (min === undefined || wanted >= min)) onSet(wanted);
      }}
    />
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: [T, string][];
  onChange(value: T): void;
}

/** One of a few, all seen. */
export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div>
        {options.map(([name, text]) => (
          <label key={name}>
            <input type="radio" name={label} checked={value === name} onChange={() => onChange(name)} />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** A part of a panel that can be folded. */
export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <details class="section" open>
      <summary>{title}</summary>
      <div>{children}</div>
    </details>
  );
}
