/** A view's bar: what it shows, its slider, what else can be done to it. */
import type { SliceState, ViewState } from "../../net/protocol";
import { playing, startsPlaying } from "../../state/playing";
import { change, maximized, models, toggleMaximized, type ViewName } from "../../state/store";
import { reset, turn } from "../../view/pointer";
import { planeOf, type Turn } from "../../view/turns";
import { NumberField } from "../shell/fields";
import { Menu, type MenuItem } from "../shell/Menu";
import { CONTROLS } from "./controls";
import { DIRECTIONS, PLANES, VIEW, type ViewText } from "./texts";

interface BarProps {
  view: ViewName;
  state: ViewState | null;
  text: ViewText;
}

export function ViewBar({ view, state, text }: BarProps) {
  const isAlone = maximized.value === view;
  return (
    <header class="view-bar">
      {state?.kind === "slice" ? (
        <Orientation view={view} state={state} text={text} />
      ) : (
        <span class="view-name">{text.title}</span>
      )}
      {state?.kind === "slice" && <Slider view={view} state={state} text={text} />}
      {state?.kind === "threeD" && <Directions view={view} />}
      {!state && <span class="grow" />}
      {state &&
        CONTROLS.filter(({ kinds }) => kinds.includes(state.kind)).map(({ id, component: Control }) => (
          <Control key={id} view={view} state={state} />
        ))}
      {state && (
        <Menu label={VIEW.menu(text.label)} items={itemsOf(view, state)}>
          ⋯
        </Menu>
      )}
      <button
        type="button"
        class="icon rare"
        title={VIEW.fit}
        aria-label={VIEW.fit}
        onClick={() => reset(models(view))}
      >
        ⤢
      </button>
      <button
        type="button"
        class="icon"
        title={isAlone ? VIEW.restore : VIEW.maximise}
        aria-label={isAlone ? VIEW.restore : VIEW.maximise}
        aria-pressed={isAlone}
        onClick={() => toggleMaximized(view)}
      >
        {isAlone ? "❐" : "▢"}
      </button>
    </header>
  );
}

function Orientation({ view, state, text }: BarProps & { state: SliceState }) {
  const plane = planeOf(state.slice_to_ras);
  const isTurned = state.orientation !== plane;
  return (
    <select
      class="view-name"
      value={isTurned ? "" : plane}
      aria-label={VIEW.orientation(text.label)}
      onChange={(event) => change(view, { orientation: event.currentTarget.value })}
    >
      {isTurned && <option value="">{PLANES[plane]} ↻</option>}
      {["Axial", "Sagittal", "Coronal"].map((name) => (
        <option key={name} value={name}>
          {PLANES[name]}
        </option>
      ))}
    </select>
  );
}

function Slider({ view, state, text }: BarProps & { state: SliceState }) {
  const range = state.offset_range;
  if (!range) return <span class="grow" />;
  return (
    <>
      <input
        class="grow"
        type="range"
        min={range[0]}
        max={range[1]}
        step="any"
        value={state.offset}
        aria-label={VIEW.position(text.label)}
        aria-valuetext={`${state.offset.toFixed(1)} mm`}
        onInput={(event) => change(view, { offset: Number(event.currentTarget.value) })}
        onKeyDown={(event) => {
          const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
          if (steps === undefined) return;
          event.preventDefault(); // by slices, not by a hundredth of the volume
          const wanted = state.offset + steps * state.offset_step;
          change(view, { offset: Math.min(Math.max(wanted, range[0]), range[1]) });
        }}
      />
      <label class="mm">
        <NumberField
          label={VIEW.millimetres(text.label)}
          value={state.offset}
          step={state.offset_step}
          digits={1}
          onSet={(wanted) => change(view, { offset: Math.min(Math.max(wanted, range[0]), range[1]) })}
        />
        {VIEW.mm}
      </label>
    </>
  );
}

function Directions({ view }: { view: ViewName }) {
  return (
    <fieldset class="grow directions" aria-label={VIEW.lookFrom}>
      {DIRECTIONS.map(({ letter, label }) => (
        <button
          key={letter}
          type="button"
          class="icon"
          title={label}
          aria-label={label}
          onClick={() => change(view, { look_from: letter })}
        >
          {letter}
        </button>
      ))}
    </fieldset>
  );
}

function itemsOf(view: ViewName, state: ViewState): MenuItem[] {
  const isPlaying = playing(view).value;
  const fit: MenuItem = { id: "fit", label: VIEW.fit, run: () => reset(models(view)) };
  if (state.kind === "threeD") {
    const look = DIRECTIONS.map(({ letter, label }) => ({
      id: letter,
      label,
      run: () => change(view, { look_from: letter }),
    }));
    const spin = {
      id: "spin",
      label: isPlaying ? VIEW.stopSpin : VIEW.spin,
      key: "Space",
      run: () => startsPlaying(view),
    };
    return [fit, spin, ...look];
  }
  const turns: [Turn, string][] = [
    ["flipAcross", "H"],
    ["flipAlong", "V"],
    ["right", "]"],
    ["left", "["],
  ];
  return [
    fit,
    ...turns.map(([kind, key]) => ({
      id: kind,
      label: VIEW[kind],
      key,
      run: () => turn(models(view), kind),
    })),
    { id: "reset", label: VIEW.reset, run: () => change(view, { reset: true }) },
    {
      id: "play",
      label: isPlaying ? VIEW.stop : VIEW.play,
      key: "Space",
      disabled: !state.offset_range,
      run: () => startsPlaying(view),
    },
  ];
}
