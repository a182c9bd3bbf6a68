/** What the tools draw over a view. Their code is fetched once the first pictures are there, which it must not keep waiting. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { pictures } from "../../../state/store";
import type { OverlayProps } from "../../views/overlays";

const drawn = signal<ComponentType<OverlayProps> | null>(null);
let isFetching = false;

async function fetchTools(): Promise<void> {
  isFetching = true;
  try {
    const [{ Marks }, { start }] = await Promise.all([
      import("./Marks"),
      import("../../../state/tools/start"),
    ]);
    start();
    drawn.value = Marks;
  } catch {
    isFetching = false; // with the next picture it is tried again
  }
}

export function LateMarks({ view, state }: OverlayProps) {
  const Shown = drawn.value;
  if (Shown) return <Shown view={view} state={state} />;
  if (pictures(view).value && !isFetching) void fetchTools();
  return null;
}
