/** Volumes, layouts, window presets, files, help. */
import { useRef } from "preact/hooks";
import type { SliceState } from "../net/protocol";
import { LAYOUTS } from "../state/layouts";
import {
  activeVolume,
  change,
  maximized,
  SLICES,
  scene,
  showHelp,
  showLatency,
  states,
} from "../state/store";
import { layoutName } from "./App";
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
            for (const view of SLICES) change(view, { background: event.currentTarget.value });
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
          value={layoutName.value}
          onChange={(event) => {
            layoutName.value = event.currentTarget.value;
            maximized.value = null;
          }}
        >
          {LAYOUTS.map((layout) => (
            <option key={layout.name} value={layout.name}>
              {layout.label}
            </option>
          ))}
        </select>
      </label>
      <Windows />
      <span class="grow" />
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

function Windows() {
  const range = (states.Red.value as SliceState | null)?.scalar_range;
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
