/** Segmentations: their segments, how they are shown, what edits them, and where they are saved. */
import { useEffect } from "preact/hooks";
import { startPainting } from "../../../state/segments/painting";
import {
  add,
  change,
  chooseSegmentation,
  current,
  follow,
  make,
  segmentations,
} from "../../../state/segments/segments";
import { activeVolume } from "../../../state/store";
import { Section } from "../../shell/fields";
import { Display } from "./Display";
import { Effects } from "./Effects";
import { Save } from "./Save";
import { SegmentTable } from "./SegmentTable";
import { Sizes } from "./Sizes";
import { Tools } from "./Tools";
import { SEGMENTS } from "./texts";
import "../../../style/segments.css";

export function SegmentationPanel() {
  useEffect(() => {
    follow();
    startPainting(SEGMENTS);
  }, []);
  const all = segmentations.value;
  if (!all) return null;
  const node = current.value;
  return (
    <div class="segments">
      {node && (
        <div class="row">
          <label class="field grow">
            <span>{SEGMENTS.segmentation}</span>
            <select value={node.id} onChange={(event) => chooseSegmentation(event.currentTarget.value)}>
              {all.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <New label={SEGMENTS.anew} />
        </div>
      )}
      {node ? (
        <>
          <SegmentTable node={node} />
          <div class="row">
            <button type="button" disabled={node.busy !== ""} onClick={() => void add()}>
              {SEGMENTS.add}
            </button>
            <button
              type="button"
              aria-pressed={node.surface}
              title={SEGMENTS.surfaceHint}
              onClick={() => change({ surface: !node.surface })}
            >
              {SEGMENTS.surface}
            </button>
          </div>
          <Tools node={node} />
          <Effects node={node} />
          <Section title={SEGMENTS.display}>
            <Display node={node} />
          </Section>
          <Section title={SEGMENTS.sizes}>
            <Sizes node={node} />
          </Section>
          <Section title={SEGMENTS.save}>
            <Save node={node} />
          </Section>
          <p class="note">{SEGMENTS.keys}</p>
        </>
      ) : (
        <>
          <p>{activeVolume.value ? SEGMENTS.none : SEGMENTS.noVolume}</p>
          <New label={SEGMENTS.make} />
        </>
      )}
    </div>
  );
}

function New({ label }: { label: string }) {
  return (
    <button
      type="button"
      aria-label={SEGMENTS.make}
      disabled={!activeVolume.value}
      onClick={() => void make()}
    >
      {label}
    </button>
  );
}
