/** What parts of the viewer put into the toolbar, beside its own: a mode of the pointer, presets, undo. */
import type { ComponentType } from "preact";
import { UndoRedo } from "../panels/tools/UndoRedo";

export interface ToolbarItem {
  id: string;
  component: ComponentType;
}

/** In the order of the toolbar, after volume and layout. */
export const TOOLBAR: ToolbarItem[] = [{ id: "undo", component: UndoRedo }];
