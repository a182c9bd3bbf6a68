/** Volumes, layouts, window presets, files, help. */
import { useRef } from "preact/hooks";
import type { SliceState } from "../net/protocol";
import { LAYOUTS } from "../state/layouts";
import {
  activeVolume,
  arrangement,
  change,
  maximized,
  scene,
  showHelp,
  showLatency,
  states,
  toast,
} from "../state/store";
import { TOOLBAR } from "./shell/toolbar";
import { WINDOWS } from "./texts";

export function Toolbar({ onFiles }: { onFiles: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const volumes = scene.value.volumes;
  return (
    <header class="toolbar">
      <a class="brand" href="/" aria-label="Slicecast start page">
        Slicecast
      </a>
      <label>
        <span class="visually-hidden">Volume</span>
        <select
          value={activeVolume.value}
          disabled={volumes.length === 0}
          onChange={(event) => {
            for (const view of sliceViews()) change(view, { background: event.currentTarget.value });
          }}
        >
          {volumes.length === 0 && <option value="">No volume</option>}
          {volumes.map((volume) => (
            <option key={volume.id} value={volume.id}>
              {volume.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="visually-hidden">Layout</span>
        <select
          value={scene.value.layout}
          onChange={(event) => {
            maximized.value = null;
            void setLayout(event.currentTarget.value);
          }}
        >
          {LAYOUTS.every((layout) => layout.name !== scene.value.layout) && (
            <option value={scene.value.layout}>{scene.value.layout}</option>
          )}
          {LAYOUTS.map((layout) => (
            <option key={layout.name} value={layout.name}>
              {layout.label}
            </option>
          ))}
        </select>
      </label>
      <Windows />
      {TOOLBAR.map(({ id, component: Item }) => (
        <Item key={id} />
      ))}
      <span class="grow" />
      <a class="button" href="#studies">
        Studies
      </a>
      <button type="button" onClick={() => input.current?.click()}>
        Open…
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <button
        type="button"
        class="icon"
        aria-pressed={showLatency.value}
        title="Latency (D)"
        aria-label="Latency overlay"
        onClick={() => (showLatency.value = !showLatency.value)}
      >
        ms
      </button>
      <button
        type="button"
        class="icon"
        aria-pressed={showHelp.value}
        title="Help (?)"
        aria-label="Help"
        onClick={() => (showHelp.value = !showHelp.value)}
      >
        ?
      </button>
    </header>
  );
}

/** Slice views that are open: those of the layout, and the usual three. */
function sliceViews(): string[] {
  const shown = arrangement.value.places.flatMap(({ part }) =>
    part.kind === "slice" && part.view ? [part.view] : [],
  );
  return [...new Set(["Red", "Green", "Yellow", ...shown])];
}

/** Switch the layout for everybody; the page follows when the server says so. */
async function setLayout(layout: string): Promise<void> {
  try {
    const answer = await fetch("/api/layout", { method: "PUT", body: JSON.stringify({ layout }) });
    if (!answer.ok) throw new Error((await answer.json()).error?.message ?? answer.statusText);
  } catch (error) {
    toast(`Layout: ${error instanceof Error ? error.message : error}`, "error");
  }
}

function Windows() {
  const range = (states("Red").value as SliceState | null)?.scalar_range;
  if (!range || range[0] > -500) return null; // air in CT is near -1000 HU; other modalities have no such values
  return (
    <label>
      <span class="visually-hidden">Window</span>
      <select
        value=""
        onChange={(event) => {
          const found = WINDOWS.find((w) => w.name === event.currentTarget.value);
          event.currentTarget.value = "";
          if (found) change("Red", { window: found.window, level: found.level });
        }}
      >
        <option value="">Window…</option>
        {WINDOWS.map((w) => (
          <option key={w.name} value={w.name}>
            {w.name}
          </option>
        ))}
      </select>
    </label>
  );
}
