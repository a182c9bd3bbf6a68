/** The chosen row: its name, how it is shown, what it is, and what can be done with it. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { fileOf } from "../../../net/nodes";
import { api, type Details, edit, type Row } from "../../../state/data/nodes";
import { nodesNews, toast } from "../../../state/store";
import { asking, renaming } from "./asking";
import { Opacity } from "./Opacity";
import { DATA } from "./texts";
import { Values } from "./Values";

export function Chosen({ row }: { row: Row }) {
  const details = useDetails(row);
  return (
    <section class="data-chosen" aria-label={DATA.properties}>
      <Name row={row} />
      {row.opacity !== undefined && (
        <Opacity value={row.opacity} onInput={(opacity) => void edit(row, { opacity })} />
      )}
      {details && row.kind !== "segment" && <Facts row={row} details={details} />}
    </section>
  );
}

/** What the node is, asked again when it has changed. */
function useDetails(row: Row): Details | null {
  const [details, setDetails] = useState<Details | null>(null);
  const id = row.kind === "segment" ? "" : (row.id ?? "");
  useEffect(() => {
    if (!id) return;
    const stop = new AbortController();
    api("GET /api/nodes/{id}", { path: { id }, signal: stop.signal }).then(setDetails, () =>
      setDetails(null),
    );
    return () => stop.abort();
  }, [id, changesOf(id)]);
  return details;
}

let counted = { rev: 0, of: "", changes: 0 };

/** A number that differs once a node may have changed. */
function changesOf(id: string): number {
  const { rev, ids } = nodesNews.value;
  if (counted.of !== id) counted = { rev, of: id, changes: 0 };
  else if (counted.rev !== rev && (ids === null || ids.includes(id)))
    counted = { rev, of: id, changes: counted.changes + 1 };
  return counted.changes;
}

function Name({ row }: { row: Row }) {
  const input = useRef<HTMLInputElement>(null);
  const [draft, setDraft] = useState<string | null>(null); // what others change meanwhile does not take it away
  useLayoutEffect(() => {
    if (renaming.value !== row.key) return;
    renaming.value = "";
    input.current?.focus();
    input.current?.select();
  }, [renaming.value]);
  const done = () => {
    const name = draft?.trim();
    if (name && name !== row.name) void edit(row, { name });
    setDraft(null);
  };
  return (
    <label class="data-field">
      <span>{DATA.name}</span>
      <input
        ref={input}
        type="text"
        maxLength={200}
        value={draft ?? row.name}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onBlur={done}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Escape") setDraft(null);
          if (event.key === "Enter" || event.key === "Escape") backToTree(event.currentTarget);
        }}
      />
    </label>
  );
}

function backToTree(from: HTMLElement): void {
  const tree = from.closest(".data-panel")?.querySelector<HTMLElement>(".data-tree");
  if (tree) tree.focus();
  else from.blur();
}

function Facts({ row, details }: { row: Row; details: Details }) {
  return (
    <>
      {details.transforms.length > 0 && (
        <label class="data-field">
          <span>{DATA.transform}</span>
          <select
            value={details.parent_transform}
            onChange={(event) => void edit(row, { transform: event.currentTarget.value })}
          >
            <option value="">{DATA.noTransform}</option>
            {details.transforms.map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <dl class="data-facts">
        {details.facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="row data-actions">
        {details.formats.length > 0 && <Save row={row} formats={details.formats} />}
        <button type="button" class="danger" onClick={() => (asking.value = row)}>
          {DATA.delete}
        </button>
      </div>
      <details class="data-all">
        <summary>{DATA.everything}</summary>
        <Values value={details.properties} />
      </details>
    </>
  );
}

function Save({ row, formats }: { row: Row; formats: string[] }) {
  const [format, setFormat] = useState(formats[0] ?? "");
  const ending = formats.includes(format) ? format : (formats[0] ?? "");
  const stem = row.name.replace(/[/\\\p{C}]+/gu, "_").replace(/^[.\s]+/, "") || "node";
  const href = fileOf(row.id ?? "", `${stem}${ending}`);
  return (
    <span class="data-save">
      <label>
        <span class="visually-hidden">{DATA.save}</span>
        <select value={ending} onChange={(event) => setFormat(event.currentTarget.value)}>
          {formats.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => void download(href)}>
        {DATA.saveNow}
      </button>
    </span>
  );
}

/** Fetch a file and hand it to the user; a plain link would show the server's words for a fault instead of the viewer. */
export async function download(href: string): Promise<void> {
  try {
    const response = await fetch(href);
    if (!response.ok) throw new Error((await response.json()).error?.message ?? response.statusText);
    const name = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = name ? decodeURIComponent(name) : "file";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), "error");
  }
}
