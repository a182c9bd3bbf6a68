/** Volume rendering, models and segmentations, the look of the 3D view, its camera. */
import {
  changeRendering,
  changeView,
  chooseView,
  chooseVolume,
  panelRendering,
  panelState,
  panelView,
  panelVolume,
  threeDViews,
} from "../../../state/rendering";
import { scene } from "../../../state/store";
import { Check, Choice, Range, Section } from "../../shell/fields";
import { Camera } from "./Camera";
import { Crop } from "./Crop";
import { Presets } from "./Presets";
import { Surfaces } from "./Surfaces";
import { Transfer } from "./Transfer";
import { RENDERING, valueText } from "./texts";
import "../../../style/data.css";
import "../../../style/rendering.css";

/** Bottom and top. */
const BACKGROUNDS: Record<keyof typeof RENDERING.backgrounds, [string, string]> = {
  slicer: ["#c1c3e8", "#7478be"],
  black: ["#000000", "#000000"],
  grey: ["#3a3f45", "#1b1e22"],
  white: ["#ffffff", "#ffffff"],
};

export function RenderingPanel() {
  if (threeDViews.value.length === 0) return <p class="note">{RENDERING.noView}</p>;
  return (
    <>
      {threeDViews.value.length > 1 && (
        <label class="field">
          <span>{RENDERING.view}</span>
          <select value={panelView.value} onChange={(event) => chooseView(event.currentTarget.value)}>
            {threeDViews.value.map((view) => (
              <option key={view} value={view}>
                {view}
              </option>
            ))}
          </select>
        </label>
      )}
      <VolumePart />
      <Section title={RENDERING.surfaces}>
        <Surfaces />
      </Section>
      <Section title={RENDERING.look}>
        <Looks />
      </Section>
      <Section title={RENDERING.camera}>
        <Camera />
      </Section>
    </>
  );
}

function VolumePart() {
  const rendering = panelRendering.value;
  const names = new Map(scene.value.volumes.map(({ id, name }) => [id, name]));
  if (names.size === 0) return <p class="note">{RENDERING.noVolume}</p>;
  return (
    <>
      <label class="field">
        <span>{RENDERING.volume}</span>
        <select value={panelVolume.value} onChange={(event) => chooseVolume(event.currentTarget.value)}>
          {[...names].map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Check
        label={RENDERING.visible}
        value={rendering?.visible ?? false}
        onChange={(visible) => changeRendering({ visible })}
      />
      {rendering && (
        <>
          <Section title={RENDERING.presets}>
            <Presets volume={panelVolume.value} rendering={rendering} />
            <Range
              label={RENDERING.shift}
              value={rendering.shift}
              min={(rendering.range[0] - rendering.range[1]) / 4}
              max={(rendering.range[1] - rendering.range[0]) / 4}
              text={valueText(rendering.shift, rendering.range)}
              usual={0}
              onInput={(shift) => changeRendering({ shift })}
            />
            <Range
              label={RENDERING.opacity}
              value={Math.log10(rendering.opacity)}
              min={-1.3}
              max={1}
              text={RENDERING.factor(rendering.opacity)}
              usual={0}
              onInput={(power) => changeRendering({ opacity: 10 ** power })}
            />
            <Check
              label={RENDERING.shade}
              value={rendering.shade}
              onChange={(shade) => changeRendering({ shade })}
            />
          </Section>
          <Section title={RENDERING.transfer}>
            <Transfer volume={panelVolume.value} rendering={rendering} />
          </Section>
          <Section title={RENDERING.crop}>
            <Crop rendering={rendering} />
          </Section>
        </>
      )}
    </>
  );
}

function Looks() {
  const state = panelState.value;
  if (!state) return null;
  const [bottom, top] = state.background_colors;
  const isThis = (colors: [string, string]) => colors[0] === bottom && colors[1] === top;
  return (
    <>
      <Choice
        label={RENDERING.technique}
        value={state.technique}
        options={Object.entries(RENDERING.techniques) as ["composite" | "mip", string][]}
        onChange={(technique) => changeView({ technique })}
      />
      <Choice
        label={RENDERING.quality}
        value={state.quality}
        options={Object.entries(RENDERING.qualities) as ["adaptive" | "normal" | "maximum", string][]}
        onChange={(quality) => changeView({ quality })}
      />
      <fieldset class="choice">
        <legend>{RENDERING.background}</legend>
        <div class="backgrounds">
          {Object.entries(BACKGROUNDS).map(([name, colors]) => (
            <button
              key={name}
              type="button"
              class="swatch"
              aria-pressed={isThis(colors)}
              aria-label={RENDERING.backgrounds[name as keyof typeof BACKGROUNDS]}
              title={RENDERING.backgrounds[name as keyof typeof BACKGROUNDS]}
              style={{ background: `linear-gradient(${colors[1]}, ${colors[0]})` }}
              onClick={() => changeView({ background_colors: colors })}
            />
          ))}
          <input
            type="color"
            value={top}
            aria-label={RENDERING.top}
            title={RENDERING.top}
            onInput={(event) => changeView({ background_colors: [bottom, event.currentTarget.value] })}
          />
          <input
            type="color"
            value={bottom}
            aria-label={RENDERING.bottom}
            title={RENDERING.bottom}
            onInput={(event) => changeView({ background_colors: [event.currentTarget.value, top] })}
          />
        </div>
      </fieldset>
      <Check label={RENDERING.box} value={state.box} onChange={(box) => changeView({ box })} />
      <Check
        label={RENDERING.letters}
        value={state.axis_labels}
        onChange={(axis_labels) => changeView({ axis_labels })}
      />
      <Check
        label={RENDERING.parallel}
        value={state.parallel}
        onChange={(parallel) => changeView({ parallel })}
      />
    </>
  );
}
