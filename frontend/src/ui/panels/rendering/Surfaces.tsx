/** What a 3D view shows beside volumes: models, and segmentations with their segments. */
import { useEffect, useState } from "preact/hooks";
import type { Segmentation } from "../../../net/segments";
import {
  editModel,
  followModels,
  models,
  modelWords,
  moreModels,
  searchModels,
} from "../../../state/data/models";
import type { Row } from "../../../state/data/nodes";
import { change, changeOne, follow, segmentations } from "../../../state/segments/segments";
import { togglePanel } from "../../../state/shell";
import { Icon } from "../../shell/Icon";
import { hasWords, MANY, NameFilter } from "../../shell/NameFilter";
import { ICONS } from "../data/icons";
import { Opacity } from "../data/Opacity";
import { dataPanel } from "../data/panel";
import { DATA } from "../data/texts";
import { hexOf, rgbOf } from "../segmentation/SegmentTable";
import { RENDERING } from "./texts";

export function Surfaces() {
  useEffect(() => {
    follow();
    return followModels();
  }, []);
  const words = modelWords.value;
  const every = segmentations.value ?? [];
  const all = every.filter((node) => hasWords(node.name, words) || named(node, words).length > 0);
  const rows = models();
  const there = every.length + rows.length + moreModels();
  if (there === 0 && !words) return <p class="note">{RENDERING.noSurfaces}</p>;
  const segments = every.reduce((count, node) => count + node.segments.length, 0);
  return (
    <>
      {(there + segments >= MANY || words) && (
        <NameFilter value={words} found={all.length + rows.length + moreModels()} onInput={searchModels} />
      )}
      <ul class="surfaces" aria-label={RENDERING.surfaces}>
        {all.map((node) => (
          <OneSegmentation key={node.id} node={node} words={words} />
        ))}
        {rows.map((row) => (
          <Model key={row.key} row={row} />
        ))}
      </ul>
      {moreModels() > 0 && (
        <button type="button" onClick={() => togglePanel(dataPanel.id)}>
          {RENDERING.moreModels(moreModels())}
        </button>
      )}
    </>
  );
}

function Model({ row }: { row: Row }) {
  return (
    <li>
      <Line
        name={row.name}
        visible={row.visible ?? false}
        onShow={(visible) => void editModel(row, { visible })}
        {...(row.color && {
          color: row.color.toLowerCase(),
          onColor: (color: string) => void editModel(row, { color: color.toUpperCase() }),
        })}
        {...(row.opacity !== undefined && {
          opacity: row.opacity,
          onOpacity: (opacity: number) => void editModel(row, { opacity }),
        })}
      />
    </li>
  );
}

/** Segments whose names have all words. */
const named = (node: Segmentation, words: string) =>
  node.segments.filter(({ name }) => hasWords(name, words));

/** Where only some of its segments have the words, those are shown. */
function OneSegmentation({ node, words }: { node: Segmentation; words: string }) {
  const [wasOpened, setOpen] = useState(false);
  const some = hasWords(node.name, words) ? null : named(node, words);
  const isOpen = wasOpened || some !== null;
  return (
    <li>
      <Line
        name={node.name}
        count={node.segments.length}
        visible={node.visible && node.surface}
        onShow={(shown) => change(shown ? { surface: true, visible: true } : { surface: false }, node)}
        opacity={node.opacity}
        onOpacity={(opacity) => change({ opacity }, node)}
        isOpen={isOpen}
        {...(node.segments.length > 0 && { onOpen: () => setOpen(!wasOpened) })}
      />
      {isOpen && (
        <ul aria-label={RENDERING.segmentsOf(node.name)}>
          {(some ?? node.segments).map((one) => (
            <li key={one.id}>
              <Line
                name={one.name}
                visible={one.visible}
                onShow={(visible) => changeOne(one.id, { visible }, node)}
                color={hexOf(one.color)}
                onColor={(color) => changeOne(one.id, { color: rgbOf(color) }, node)}
                opacity={one.opacity}
                onOpacity={(opacity) => changeOne(one.id, { opacity }, node)}
              />
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

interface LineProps {
  name: string;
  /** Segments in it. */
  count?: number;
  visible: boolean;
  onShow(visible: boolean): void;
  /** #rrggbb */
  color?: string;
  onColor?(color: string): void;
  opacity?: number;
  onOpacity?(opacity: number): void;
  isOpen?: boolean;
  onOpen?(): void;
}

function Line(props: LineProps) {
  const { name, count, visible, onShow, color, onColor, opacity, onOpacity, isOpen, onOpen } = props;
  const label = RENDERING.shown(name);
  return (
    <div class="surface-line">
      <button
        type="button"
        class={`icon ${visible ? "on" : ""}`}
        aria-pressed={visible}
        aria-label={label}
        title={label}
        onClick={() => onShow(!visible)}
      >
        <Icon path={(visible ? ICONS.eye : ICONS.eyeOff) ?? ""} />
      </button>
      {color && onColor && (
        <input
          type="color"
          value={color}
          aria-label={DATA.color(name)}
          title={DATA.color(name)}
          onInput={(event) => onColor(event.currentTarget.value)}
        />
      )}
      {onOpen ? (
        <button type="button" class="surface-name" aria-expanded={isOpen} onClick={onOpen}>
          <Icon path={ICONS.chevron ?? ""} />
          <span title={name}>{name}</span>
          <small title={RENDERING.segments(count ?? 0)}>{count}</small>
        </button>
      ) : (
        <span class="surface-name">
          <span title={name}>{name}</span>
        </span>
      )}
      {opacity !== undefined && onOpacity && <Opacity of={name} value={opacity} onInput={onOpacity} />}
    </div>
  );
}
