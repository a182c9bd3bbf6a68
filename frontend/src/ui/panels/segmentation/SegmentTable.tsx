/** The segments: which one is edited, which are shown, colours and names. */
import type { Rgb, Segment, Segmentation } from "../../../net/segments";
import { changeOne, chooseSegment, remove, segment } from "../../../state/segments/segments";
import { Icon } from "../../shell/Icon";
import { useNameFilter } from "../../shell/NameFilter";
import { Typed } from "./Typed";
import { SEGMENTS } from "./texts";

const EYE = "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 100 6 3 3 0 000-6z";
const NO_EYE = "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM4 20L20 4";

export function SegmentTable({ node }: { node: Segmentation }) {
  const { box, left } = useNameFilter(node.segments, ({ name }) => name);
  if (node.segments.length === 0) return <p class="note">{SEGMENTS.noSegments}</p>;
  return (
    <>
      {box}
      <ul class="segment-list" aria-label={SEGMENTS.title}>
        {left.map((one) => (
          <Row key={one.id} one={one} busy={node.busy !== ""} />
        ))}
      </ul>
    </>
  );
}

function Row({ one, busy }: { one: Segment; busy: boolean }) {
  const isChosen = segment.value?.id === one.id;
  return (
    <li class={isChosen ? "chosen" : ""}>
      <input
        type="radio"
        name="segment"
        checked={isChosen}
        aria-label={SEGMENTS.edit(one.name)}
        onChange={() => chooseSegment(one.id)}
      />
      <button
        type="button"
        class="icon"
        aria-pressed={one.visible}
        aria-label={SEGMENTS.show(one.name)}
        title={SEGMENTS.show(one.name)}
        onClick={() => changeOne(one.id, { visible: !one.visible })}
      >
        <Icon path={one.visible ? EYE : NO_EYE} />
      </button>
      <input
        type="color"
        value={hexOf(one.color)}
        aria-label={SEGMENTS.color(one.name)}
        onInput={(event) => changeOne(one.id, { color: rgbOf(event.currentTarget.value) })}
      />
      <Typed
        type="text"
        value={one.name}
        maxLength={200}
        label={SEGMENTS.name(one.name)}
        onFocus={() => chooseSegment(one.id)}
        onTyped={(text) => {
          const name = text.trim();
          if (name && name !== one.name) changeOne(one.id, { name });
        }}
      />
      <button
        type="button"
        class="icon"
        disabled={busy}
        aria-label={SEGMENTS.remove(one.name)}
        title={SEGMENTS.remove(one.name)}
        onClick={() => void remove(one.id)}
      >
        ×
      </button>
    </li>
  );
}

export function hexOf(color: Rgb): string {
  return `#${color
    .map((part) =>
      Math.round(part * 255)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

export function rgbOf(hex: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as Rgb;
}
