/** What is drawn over the pictures of the views by others than the views themselves: values under the pointer, handles, measures. */
import type { ComponentType } from "preact";
import type { ViewState } from "../../net/protocol";
import { pointersOverlay } from "../panels/share/Pointers";
import { LateMarks } from "../panels/tools/LateMarks";

export interface OverlayProps {
  view: string;
  state: ViewState;
}

export interface ViewOverlay {
  id: string;
  kinds: ViewState["kind"][];
  component: ComponentType<OverlayProps>;
}

/** Each fills its view, above the picture; pointer events go through it unless its style says otherwise. */
export const OVERLAYS: ViewOverlay[] = [
  { id: "marks", kinds: ["slice", "threeD"], component: LateMarks },
  pointersOverlay,
];
