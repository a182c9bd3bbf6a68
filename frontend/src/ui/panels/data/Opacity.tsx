/** How much is seen of a node or a layer. */
import { DATA } from "./texts";

interface Props {
  /** What it is of, where that is not said beside it. */
  of?: string;
  value: number;
  onInput(value: number): void;
}

export function Opacity({ of, value, onInput }: Props) {
  return (
    <label class="data-field">
      <span>{DATA.opacity}</span>
      <input
        type="range"
        min={0}
        max={1}
        step={0.01}
        aria-label={of && `${of}: ${DATA.opacity}`}
        value={value}
        onInput={(event) => onInput(Number(event.currentTarget.value))}
      />
      <output>{`${Math.round(value * 100)} %`}</output>
    </label>
  );
}
