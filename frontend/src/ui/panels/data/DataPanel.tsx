/** The data panel: what the scene holds, how it is shown, and getting more into it. */
import { useEffect } from "preact/hooks";
import "../../../style/data.css";
import {
  chosenRow,
  counts,
  follow,
  type Kind,
  kind,
  type Row,
  remove,
  rows,
  search,
  searchFor,
  version,
} from "../../../state/data/nodes";
import { forgetLoad, type Load, loads } from "../../../state/loads";
import { Confirm } from "../../archive/Confirm";
import { SearchField } from "../../shell/NameFilter";
import { Add } from "./Add";
import { asking } from "./asking";
import { Chosen } from "./Chosen";
import { Layers } from "./Layers";
import { Tree } from "./Tree";
import { DATA, KIND_NAMES } from "./texts";

export function DataPanel() {
  useEffect(follow, []);
  return (
    <div class="data-panel">
      <Find />
      <Loads />
      <Trouble />
      <Tree />
      <ChosenRow />
      <Layers />
      {asking.value && <Question row={asking.value} />}
    </div>
  );
}

function Find() {
  const present = (Object.keys(KIND_NAMES) as Kind[]).filter(
    (one) => counts.value[one] || one === kind.value,
  );
  return (
    <div class="data-find">
      <SearchField
        label={DATA.search}
        hint={DATA.searchShort}
        value={search.value}
        onInput={(words) => searchFor(words)}
      />
      <select
        aria-label={DATA.kind}
        value={kind.value}
        onChange={(event) => searchFor(search.peek(), event.currentTarget.value as Kind | "")}
      >
        <option value="">{DATA.all}</option>
        {present.map((one) => (
          <option key={one} value={one}>
            {`${KIND_NAMES[one]} (${counts.value[one] ?? 0})`}
          </option>
        ))}
      </select>
      <Add />
    </div>
  );
}

/** What is being loaded, and what could not be. */
function Loads() {
  if (loads.value.length === 0) return null;
  return (
    <ul class="data-loads">
      {loads.value.map((load) => (
        <li key={load.id} class={load.state}>
          <Loading load={load} />
        </li>
      ))}
    </ul>
  );
}

function Loading({ load }: { load: Load }) {
  if (load.state === "running") {
    return (
      <>
        <span role="status">{DATA.loading(load.what)}</span>
        <progress max={1} value={load.fraction ?? undefined} aria-label={DATA.loading(load.what)} />
      </>
    );
  }
  return (
    <div role="alert">
      <strong>{DATA.failed(load.what)}</strong>
      <p>{load.fault}</p>
      <div class="row">
        <button type="button" onClick={load.again}>
          {DATA.again}
        </button>
        <button type="button" onClick={() => forgetLoad(load.id)}>
          {DATA.dismiss}
        </button>
      </div>
    </div>
  );
}

function Trouble() {
  void version.value;
  if (!rows.fault) return null;
  return (
    <p class="data-fault" role="alert">
      {rows.fault}{" "}
      <button type="button" onClick={() => rows.retry()}>
        {DATA.again}
      </button>
    </p>
  );
}

function ChosenRow() {
  void version.value;
  const row = chosenRow();
  return row && row.kind !== "group" && row.kind !== "folder" ? <Chosen row={row} key={row.key} /> : null;
}

function Question({ row }: { row: Row }) {
  return (
    <Confirm
      title={DATA.deleteTitle(row.name)}
      text={DATA.deleteText}
      yes={DATA.deleteYes}
      onAnswer={(yes) => {
        asking.value = null;
        if (yes) void remove(row);
        document.querySelector<HTMLElement>(".data-tree")?.focus();
      }}
    />
  );
}
