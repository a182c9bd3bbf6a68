/** Buttons that other parts put into the views' bars: thick slabs, links, layers. */
import type { ComponentType } from "preact";
import type { ViewState } from "../../net/protocol";
import type { OverlayProps } from "./overlays";

export interface ViewControl {
  id: string;
  kinds: ViewState["kind"][];
  component: ComponentType<OverlayProps>;
}

/** In their order, before the view's own menu. Each is one small button: bars are narrow. */
export const CONTROLS: ViewControl[] = [];
