/** Volumes, layouts, window presets, files, help. */
import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { SliceState } from "../net/protocol";
import { LAYOUTS } from "../state/layouts";
import {
  activeVolume,
  arrangement,
  change,
  chooseLayout,
  scene,
  showHelp,
  showLatency,
  states,
} from "../state/store";
import { showCrosshair } from "../state/viewing";
import { LAYOUT_TEXT, SHELL } from "./shell/texts";
import { TOOLBAR } from "./shell/toolbar";
import { WINDOWS } from "./texts";

export function Toolbar({ onFiles }: { onFiles: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const volumes = scene.value.volumes;
  return (
    <header class="toolbar">
      <a class="brand" href="/" aria-label={SHELL.brand}>
        Slicecast
      </a>
      <label>
        <span class="visually-hidden">{SHELL.volume}</span>
        <select
          value={activeVolume.value}
          disabled={volumes.length === 0}
          onChange={(event) => {
            for (const view of sliceViews()) change(view, { background: event.currentTarget.value });
          }}
        >
          {volumes.length === 0 && <option value="">{SHELL.noVolume}</option>}
          {volumes.map((volume) => (
            <option key={volume.id} value={volume.id}>
              {volume.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="visually-hidden">{SHELL.layout}</span>
        <select value={scene.value.layout} onChange={(event) => void chooseLayout(event.currentTarget.value)}>
          {[...new Set([...LAYOUTS, scene.value.layout])].map((name) => (
            <option key={name} value={name}>
              {LAYOUT_TEXT[name] ?? name}
            </option>
          ))}
        </select>
      </label>
      <Windows />
      {TOOLBAR.map(({ id, component: Item }) => (
        <Item key={id} />
      ))}
      <span class="grow" />
      <a class="button rare" href="#studies">
        {SHELL.studies}
      </a>
      <button type="button" onClick={() => input.current?.click()}>
        {SHELL.openShort}
      </button>
      <input
        ref={input}
        id="files"
        type="file"
        multiple
        hidden
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <Toggle of={showCrosshair} label={SHELL.crosshair}>
        ✛
      </Toggle>
      <Toggle of={showLatency} label={SHELL.latency} class="icon rare">
        ms
      </Toggle>
      <Toggle of={showHelp} label={SHELL.help}>
        ?
      </Toggle>
    </header>
  );
}

interface ToggleProps {
  of: Signal<boolean>;
  label: string;
  class?: string;
  children: ComponentChildren;
}

function Toggle({ of, label, class: name = "icon", children }: ToggleProps) {
  return (
    <button
      type="button"
      class={name}
      aria-pressed={of.value}
      title={label}
      aria-label={label}
      onClick={() => {
        of.value = !of.value;
      }}
    >
      {children}
    </button>
  );
}

/** Slice views that are open: those of the layout, and the usual three. */
function sliceViews(): string[] {
  const shown = arrangement.value.places.flatMap(({ part }) =>
    part.kind === "slice" && part.view ? [part.view] : [],
  );
  return [...new Set(["Red", "Green", "Yellow", ...shown])];
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
