/** What the 3D panel works on: a view, a volume in it, bookmarks of its camera. */
import { computed, signal } from "@preact/signals";
import { askApi } from "../net/ask";
import type { CameraState, Patch, Rendering, ThreeDState } from "../net/protocol";
import { activeVolume, arrangement, change, scene, states, type ViewName } from "./store";

const wantedView = signal("");
const wantedVolume = signal("");

/** 3D views that the layout shows. */
export const threeDViews = computed(() =>
  arrangement.value.places.flatMap(({ part }) => (part.kind === "threeD" && part.view ? [part.view] : [])),
);

/** The view that the panel is about: the chosen one, else the first. */
export const panelView = computed<ViewName>(() => {
  const views = threeDViews.value;
  return (views.includes(wantedView.value) ? wantedView.value : views[0]) ?? "1";
});

export const panelState = computed(() => {
  const state = states(panelView.value).value;
  return state?.kind === "threeD" ? state : null;
});

/** The volume that the panel is about: the chosen one, else the first that is shown, else the one in the slices. */
export const panelVolume = computed(() => {
  const rendering = panelState.value?.rendering ?? {};
  const known = new Set([...Object.keys(rendering), ...scene.value.volumes.map(({ id }) => id)]);
  if (known.has(wantedVolume.value)) return wantedVolume.value;
  const shown = Object.entries(rendering).find(([, { visible }]) => visible)?.[0];
  return shown ?? (known.has(activeVolume.value) ? activeVolume.value : ([...known][0] ?? ""));
});

export const panelRendering = computed<Rendering | null>(
  () => panelState.value?.rendering[panelVolume.value] ?? null,
);

export function chooseView(view: ViewName): void {
  wantedView.value = view;
}

export function chooseVolume(id: string): void {
  wantedVolume.value = id;
}

/** Change the view that the panel is about. */
export function changeView(patch: Patch & Partial<ThreeDState>): void {
  change(panelView.value, patch);
}

/** Change how the volume of the panel is drawn; what is absent stays. */
export function changeRendering(patch: Record<string, unknown>): void {
  if (panelVolume.value) changeView({ rendering: { [panelVolume.value]: patch } } as Patch);
}

export interface Bookmark {
  name: string;
  camera: CameraState;
}

export const bookmarks = signal<Bookmark[]>([]);
export const bookmarkFault = signal("");

export const readBookmarks = () =>
  attempt(async () => {
    bookmarks.value = (await askApi<{ bookmarks: Bookmark[] }>("GET", "/api/bookmarks")).bookmarks;
  });

export const addBookmark = (name: string) =>
  attempt(async () => {
    const camera = panelState.value?.camera;
    if (!camera) return;
    const made = await askApi<Bookmark>("POST", "/api/bookmarks", { name, camera });
    bookmarks.value = [...bookmarks.value, made];
  });

export const removeBookmark = (name: string) =>
  attempt(async () => {
    await askApi("DELETE", `/api/bookmarks/${encodeURIComponent(name)}`);
    bookmarks.value = bookmarks.value.filter((bookmark) => bookmark.name !== name);
  });

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
    bookmarkFault.value = "";
  } catch (error) {
    bookmarkFault.value = error instanceof Error ? error.message : String(error);
  }
}
