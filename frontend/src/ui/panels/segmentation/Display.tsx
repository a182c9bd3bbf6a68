/** How the segmentation is shown. */
import type { Segmentation } from "../../../net/segments";
import { change, changeOne, segment } from "../../../state/segments/segments";
import { Check, Range } from "../../shell/fields";
import { SEGMENTS } from "./texts";

export function Display({ node }: { node: Segmentation }) {
  const one = segment.value;
  const part = (label: string, value: number, set: (value: number) => void) => (
    <Range label={label} min={0} max={1} value={value} text={SEGMENTS.percent(value)} onInput={set} />
  );
  return (
    <>
      <Check label={SEGMENTS.visible} value={node.visible} onChange={(visible) => change({ visible })} />
      <Check label={SEGMENTS.fill} value={node.fill} onChange={(fill) => change({ fill })} />
      <Check label={SEGMENTS.outline} value={node.outline} onChange={(outline) => change({ outline })} />
      {part(SEGMENTS.opacity, node.opacity, (opacity) => change({ opacity }))}
      {part(SEGMENTS.fillOpacity, node.fill_opacity, (fill_opacity) => change({ fill_opacity }))}
      {one &&
        part(`${SEGMENTS.opacity}: ${one.name}`, one.opacity, (opacity) => changeOne(one.id, { opacity }))}
      {node.surface && part(SEGMENTS.smoothing, node.smoothing, (smoothing) => change({ smoothing }))}
    </>
  );
}
