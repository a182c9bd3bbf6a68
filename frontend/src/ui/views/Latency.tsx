/** How old what you see is, and where the time went. */
import { useEffect, useState } from "preact/hooks";
import type { Stages } from "../../state/ages";
import { ages, pictures, type ViewName } from "../../state/store";

const EVERY_MS = 500;
const ms = (value: number | null) => (value === null ? "–" : `${value.toFixed(0)} ms`);
const stagesText = (stages: Stages) =>
  Object.entries(stages)
    .map(([name, value]) => `${name} ${value.toFixed(1)}`)
    .join("  ");

export function Latency({ view }: { view: ViewName }) {
  const [, refresh] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => refresh((count) => count + 1), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const found = ages(view).summary();
  const picture = pictures(view).value;
  return (
    <pre class="latency">
      {`${found.perSecond.toFixed(1)}/s  ${found.kBps.toFixed(0)} kB/s\n`}
      {`input to drawn ${ms(found.median)}  p95 ${ms(found.p95)}\n`}
      {found.stages && `${stagesText(found.stages)} ms\nlimited by ${found.limitedBy}\n`}
      {picture && `${picture.codec} q${picture.quality}  ${picture.width}×${picture.height}`}
    </pre>
  );
}
