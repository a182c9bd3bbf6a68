/** Cine: which views play, through their slices or around their focal point. */
import { type Signal, signal } from "@preact/signals";
import type { SliceState, ThreeDState } from "../net/protocol";
import { rotate } from "../view/camera";
import { Cine, nextOffset } from "../view/cine";
import { perView } from "./perView";
import { change, pictures, states, type ViewName } from "./store";
import { cineRate, spinRate } from "./viewing";

const SPIN_STEPS_PER_S = 30;

/** Whether a view plays. */
export const playing = perView((): Signal<boolean> => signal(false));
const players = perView((view) => new Cine(playedOf(view)));

/** Play a view, or stop it where it plays: slices at the rate of cine, 3D at that of spinning. */
export function startsPlaying(view: ViewName): void {
  const state = states(view).value;
  if (playing(view).value || !state) {
    stopPlaying(view);
    return;
  }
  if (state.kind === "slice" && !state.offset_range) return;
  players(view).play(state.kind === "slice" ? cineRate.value : SPIN_STEPS_PER_S);
  playing(view).value = true;
}

export function stopPlaying(view: ViewName): void {
  if (!playing(view).peek()) return;
  players(view).stop();
  playing(view).value = false;
}

/** The rate has changed: what plays goes on with it. */
export function replay(view: ViewName): void {
  if (playing(view).value && states(view).value?.kind === "slice") players(view).play(cineRate.value);
}

function playedOf(view: ViewName) {
  let before: unknown = null;
  let steppedAt = 0;
  return {
    isDrawn: () => pictures(view).value !== before,
    step: () => {
      const state = states(view).value;
      if (!state) throw new Error("the view has gone");
      const now = performance.now();
      const passed = Math.min((now - steppedAt) / 1000, 0.2);
      steppedAt = now;
      before = pictures(view).value;
      if (state.kind === "slice") stepSlice(view, state);
      else spin(view, state, passed);
    },
  };
}

function stepSlice(view: ViewName, state: SliceState): void {
  if (!state.offset_range) throw new Error("there is nothing to play");
  change(view, { offset: nextOffset(state.offset, state.offset_step, state.offset_range, 1) });
}

/** By the time that has passed, so that it turns as fast whatever the rate of pictures. */
function spin(view: ViewName, state: ThreeDState, seconds: number): void {
  change(view, { camera: rotate(state.camera, (spinRate.value * seconds) / 180, 0) });
}
