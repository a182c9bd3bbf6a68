/** All layouts as small pictures of where their views lie. */
import { useEffect, useState } from "preact/hooks";
import { askApi } from "../../../net/ask";
import type { LayoutPart } from "../../../net/protocol";
import { arrange } from "../../../state/layouts";
import { chooseLayout, scene } from "../../../state/store";
import { LAYOUT_TEXT } from "../../shell/texts";
import { VIEWS_TEXT } from "./texts";

interface Layout {
  name: string;
  composition: LayoutPart;
}

const SIZE = { width: 48, height: 34 };
const GREY = "#8c939b";

export function Layouts() {
  const [layouts, setLayouts] = useState<Layout[]>([]);
  const [fault, setFault] = useState("");
  useEffect(() => {
    askApi<{ layouts: Layout[] }>("GET", "/api/layouts").then(
      (answer) => setLayouts(inOrder(answer.layouts)),
      (error: Error) => setFault(error.message),
    );
  }, []);
  return (
    <div class="layouts" role="group" aria-label={VIEWS_TEXT.layout}>
      {layouts.map(({ name, composition }) => (
        <button
          key={name}
          type="button"
          aria-pressed={scene.value.layout === name}
          title={LAYOUT_TEXT[name] ?? name}
          aria-label={LAYOUT_TEXT[name] ?? name}
          onClick={() => void chooseLayout(name)}
        >
          <Picture composition={composition} />
        </button>
      ))}
      {fault && <p role="alert">{VIEWS_TEXT.fault(fault)}</p>}
    </div>
  );
}

/** As the texts name them; others after. */
function inOrder(layouts: Layout[]): Layout[] {
  const names = Object.keys(LAYOUT_TEXT);
  const rank = ({ name }: Layout) => (names.includes(name) ? names.indexOf(name) : names.length);
  return [...layouts].sort((a, b) => rank(a) - rank(b));
}

function Picture({ composition }: { composition: LayoutPart }) {
  const { places, strips } = arrange(composition);
  const x = (percent: number) => (percent / 100) * SIZE.width;
  const y = (percent: number) => (percent / 100) * SIZE.height;
  const strip = 5;
  return (
    <svg
      viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
      width={SIZE.width}
      height={SIZE.height}
      aria-hidden="true"
    >
      {places.map(({ part, left, top, width, height, below }) => (
        <rect
          key={part.view}
          x={x(left) + 0.75}
          y={y(top) + 0.75 + below * strip}
          width={Math.max(1, x(width) - 1.5)}
          height={Math.max(1, y(height) - 1.5 - below * strip)}
          rx={1.5}
          fill={part.color || GREY}
          fill-opacity={part.kind === "threeD" ? 0.55 : 0.8}
        />
      ))}
      {strips.flatMap(({ key, tabs, left, top, width }) =>
        tabs.map((tab, index) => (
          <rect
            key={`${key} ${index}`}
            x={x(left + (width * index) / tabs.length) + 0.75}
            y={y(top) + 0.75}
            width={x(width / tabs.length) - 1.5}
            height={strip - 1.5}
            fill={tab.color || GREY}
          />
        )),
      )}
    </svg>
  );
}
