/** The fields of a search, of the archive or of a peer. */
import { useState } from "preact/hooks";
import type { Search } from "../../net/archive/dicom";
import { MODALITIES, TEXT } from "./texts";

type Field = keyof Search;

const FIELDS: [Field, string, "search" | "date"][] = [
  ["patient", TEXT.patient, "search"],
  ["patientId", TEXT.patientId, "search"],
  ["accession", TEXT.accession, "search"],
  ["description", TEXT.description, "search"],
  ["from", TEXT.from, "date"],
  ["to", TEXT.to, "date"],
  ["modality", TEXT.modality, "search"],
];

export function SearchForm(props: {
  search: Search;
  onChange: (search: Search) => void;
  onSubmit?: () => void;
  children?: preact.ComponentChildren;
}) {
  const [all, setAll] = useState(false);
  return (
    <form
      class={`search ${all ? "all" : ""}`}
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit?.();
      }}
    >
      {FIELDS.map(([field, label, type]) => (
        <label key={field} class={`field ${field}`}>
          <span>{label}</span>
          <input
            type={type}
            value={props.search[field]}
            list={field === "modality" ? "modalities" : undefined}
            autocomplete="off"
            spellcheck={false}
            maxLength={64}
            onInput={(event) => props.onChange({ ...props.search, [field]: event.currentTarget.value })}
          />
        </label>
      ))}
      <datalist id="modalities">
        {MODALITIES.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <button type="button" class="more" aria-expanded={all} onClick={() => setAll(!all)}>
        {TEXT.filters}
      </button>
      {props.children}
    </form>
  );
}
