/** How old what you see is, and where the time went. */
import { useEffect, useState } from "preact/hooks";
import { ages, pictures, type ViewName } from "../state/store";

const EVERY_MS = 500;
const ms = (value: number | null) => (value === null ? "–" : `${value.toFixed(0)} ms`);

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
      {`${found.perSecond.toFixed(1)}/s  age ${ms(found.median)}  p95 ${ms(found.p95)}  ${found.kBps.toFixed(0)} kB/s\n`}
      {picture &&
        `wait ${(picture.waitUs / 1000).toFixed(1)}  render ${(picture.renderUs / 1000).toFixed(1)}  encode ${(
          picture.encodeUs / 1000
        ).toFixed(1)} ms\n${picture.codec} q${picture.quality}  ${picture.width}×${picture.height}`}
    </pre>
  );
}
