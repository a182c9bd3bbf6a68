/** Words in the corners of a view, and the patient's directions at its edges. */
import {
  COARSE,
  LOSSLESS,
  type SliceState,
  STILL,
  type ThreeDState,
  type ViewState,
} from "../../net/protocol";
import { pictures, sizes, type ViewName } from "../../state/store";
import { showCorners, showLetters, showRuler } from "../../state/viewing";
import { mmPerPixel } from "../../view/slice";
import { VIEW } from "./texts";

export function Corners({ view, state }: { view: ViewName; state: ViewState }) {
  return (
    <>
      {state.kind === "slice" && showLetters.value && <Letters state={state} />}
      {showCorners.value && (
        <>
          <p class="corner top-left">
            {(state.kind === "slice" ? subjectOf(state) : volumesOf(state)).map((line, index) => (
              <span key={index} class={index ? "rare" : ""}>
                {line}
              </span>
            ))}
          </p>
          {state.kind === "slice" && <SliceCorners view={view} state={state} />}
          <p class="corner bottom-right">
            {state.kind === "slice" && sliceText(state) && <span>{sliceText(state)}</span>}
            <Mark view={view} />
          </p>
        </>
      )}
    </>
  );
}

function Letters({ state }: { state: SliceState }) {
  const { edges } = state;
  return (
    <div class={`letters${showRuler.value ? " above-ruler" : ""}`} aria-hidden="true">
      <span class="left">{edges.left}</span>
      <span class="right">{edges.right}</span>
      <span class="top">{edges.top}</span>
      <span class="bottom">{edges.bottom}</span>
    </div>
  );
}

function SliceCorners({ view, state }: { view: ViewName; state: SliceState }) {
  const percent = zoomPercent(state, sizes(view).value);
  return (
    <p class="corner bottom-left">
      {percent !== null && <span class="rare">{VIEW.zoom(percent)}</span>}
      {state.window !== null && state.level !== null && (
        <span>{VIEW.window(valueText(state.window, state), valueText(state.level, state))}</span>
      )}
    </p>
  );
}

/** How the picture on the screen is: as it is, or not quite yet. */
function Mark({ view }: { view: ViewName }) {
  const picture = pictures(view).value;
  if (!picture) return null;
  const { flags } = picture;
  const mark = flags & LOSSLESS ? "exact" : flags & COARSE ? "draft" : flags & STILL ? "sharp" : "moving";
  return <span class="mark">{VIEW.marks[mark]}</span>;
}

/** Whose and which picture it is, by what is known. */
function subjectOf({ background }: SliceState): string[] {
  if (!background) return [];
  const { patient, patient_id, study, date, series, modality, name } = background;
  const who = [patient?.replaceAll("^", " ").trim(), patient_id].filter(Boolean).join("  ");
  const when = date?.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");
  const what = [when, study].filter(Boolean).join("  ");
  const which = series && !name.includes(series) ? [modality, series].filter(Boolean).join("  ") : modality;
  return [name, who, what, which].filter((line): line is string => Boolean(line));
}

function volumesOf(state: ThreeDState): string[] {
  return Object.values(state.rendering)
    .filter(({ visible }) => visible)
    .map(({ name, preset }) => (preset ? `${name}: ${preset}` : name));
}

function sliceText({ offset, offset_range: range, offset_step: step }: SliceState): string | null {
  if (!range || !(step > 0)) return null;
  const count = Math.max(1, Math.round((range[1] - range[0]) / step));
  const number = Math.floor((offset - range[0]) / step + 1e-6) + 1;
  return VIEW.slice(Math.min(Math.max(number, 1), count), count);
}

/** 100 %: a voxel is as large as a pixel of the screen. */
export function zoomPercent(state: SliceState, size: [number, number]): number | null {
  if (!state.voxel_mm) return null;
  return Math.round((100 * Math.min(...state.voxel_mm)) / mmPerPixel(state, size));
}

/** Whole numbers where the values are large, as CT's are; else as many digits as it takes. */
function valueText(value: number, state: SliceState): string {
  const span = state.scalar_range ? state.scalar_range[1] - state.scalar_range[0] : 1000;
  if (span >= 50) return Math.round(value).toString();
  return Number(value.toPrecision(3)).toString();
}
