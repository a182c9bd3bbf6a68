/** Layouts, what lies over the pictures, cine, light and dark. */
import { useEffect } from "preact/hooks";
import {
  playedSequence,
  playSequence,
  readSequences,
  type Sequence,
  sequenceFault,
  sequences,
  showItem,
  stopSequence,
} from "../../../state/sequences";
import { type Theme, theme } from "../../../state/shell";
import { followTool, scene } from "../../../state/store";
import {
  cineRate,
  showCorners,
  showCrosshair,
  showLetters,
  showMarker,
  showRuler,
} from "../../../state/viewing";
import { Check, Choice, Range, Section } from "../../shell/fields";
import { Layouts } from "./Layouts";
import { VIEWS_TEXT } from "./texts";

const SWITCHES = [
  { label: VIEWS_TEXT.corners, hint: "T", value: showCorners },
  { label: VIEWS_TEXT.letters, hint: "L", value: showLetters },
  { label: VIEWS_TEXT.marker, hint: "M", value: showMarker },
  { label: VIEWS_TEXT.ruler, hint: "B", value: showRuler },
  { label: VIEWS_TEXT.crosshair, hint: "C", value: showCrosshair },
];
const RATES = { min: 1, max: 30, usual: 10 };

export function ViewsPanel() {
  return (
    <>
      <Section title={VIEWS_TEXT.layout}>
        <Layouts />
      </Section>
      <Section title={VIEWS_TEXT.over}>
        {SWITCHES.map(({ label, hint, value }) => (
          <Check
            key={hint}
            label={label}
            hint={hint}
            value={value.value}
            onChange={(on) => {
              value.value = on;
            }}
          />
        ))}
        <p class="note">{VIEWS_TEXT.crosshairHelp}</p>
        <Check
          label={VIEWS_TEXT.follow}
          value={scene.value.follow_tool}
          onChange={(follow) => void followTool(follow)}
        />
      </Section>
      <Section title={VIEWS_TEXT.cine}>
        <CinePart />
      </Section>
      <Section title={VIEWS_TEXT.appearance}>
        <Choice<Theme>
          label={VIEWS_TEXT.theme}
          value={theme.value}
          options={[
            ["system", VIEWS_TEXT.themes.system],
            ["light", VIEWS_TEXT.themes.light],
            ["dark", VIEWS_TEXT.themes.dark],
          ]}
          onChange={(wanted) => {
            theme.value = wanted;
          }}
        />
      </Section>
    </>
  );
}

function CinePart() {
  const volumes = scene.value.volumes;
  useEffect(() => void readSequences(), [volumes]);
  return (
    <>
      <Range
        label={VIEWS_TEXT.rate}
        value={cineRate.value}
        min={RATES.min}
        max={RATES.max}
        step={1}
        usual={RATES.usual}
        text={VIEWS_TEXT.perSecond(cineRate.value)}
        onInput={(rate) => {
          cineRate.value = rate;
          const played = sequences.value.find(({ id }) => id === playedSequence.value);
          if (played) playSequence(played);
        }}
      />
      {sequences.value.map((sequence) => (
        <SequenceRow key={sequence.id} sequence={sequence} />
      ))}
      {sequences.value.length === 0 && <p class="note">{VIEWS_TEXT.noSequences}</p>}
      {sequenceFault.value && <p role="alert">{VIEWS_TEXT.fault(sequenceFault.value)}</p>}
    </>
  );
}

function SequenceRow({ sequence }: { sequence: Sequence }) {
  const plays = playedSequence.value === sequence.id;
  const label = plays ? VIEWS_TEXT.stop(sequence.name) : VIEWS_TEXT.play(sequence.name);
  return (
    <fieldset class="sequence">
      <legend>{sequence.name}</legend>
      <Range
        label={VIEWS_TEXT.item}
        value={sequence.item}
        min={0}
        max={sequence.items - 1}
        step={1}
        text={VIEWS_TEXT.itemOf(sequence.item, sequence.items, sequence.label)}
        onInput={(item) => {
          stopSequence();
          void showItem(sequence, item);
        }}
      />
      <button
        type="button"
        aria-pressed={plays}
        aria-label={label}
        onClick={() => (plays ? stopSequence() : playSequence(sequence))}
      >
        {plays ? "⏸" : "▶"}
      </button>
    </fieldset>
  );
}
