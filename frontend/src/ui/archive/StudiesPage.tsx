/** Studies: searched as one types, listed, opened; files may be dropped anywhere. */
import { useEffect, useRef, useState } from "preact/hooks";
import { EVERYTHING, type Search } from "../../net/archive/dicom";
import { filesOf } from "../../net/upload";
import { place, search, studies, uploads, version } from "../../state/archive/browser";
import { SearchForm } from "./SearchForm";
import { StudyList } from "./StudyList";
import { StudyPanel } from "./StudyPanel";
import { TEXT } from "./texts";

const TYPING_PAUSE_MS = 120;
const NARROW = "(max-width: 900px)";

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const onChange = () => setMatches(media.matches);
    media.addEventListener("change", onChange);
    return () => media.removeEventListener("change", onChange);
  }, [query]);
  return matches;
}

/** Search once nothing has been typed for a moment; at once where all was cleared. */
function useSearch(): (wanted: Search) => void {
  const timer = useRef(0);
  useEffect(() => {
    if (studies.total === null) studies.search(search.peek());
    else studies.refresh();
    return () => clearTimeout(timer.current);
  }, []);
  return (wanted) => {
    search.value = wanted;
    clearTimeout(timer.current);
    timer.current = window.setTimeout(
      () => studies.search(wanted),
      wanted === EVERYTHING ? 0 : TYPING_PAUSE_MS,
    );
  };
}

export function StudiesPage() {
  const [dropping, setDropping] = useState(false);
  const narrow = useMedia(NARROW);
  const change = useSearch();
  const study = place.value.detail;
  const isSearched = search.value !== EVERYTHING;
  const hidden = narrow && study !== "";
  return (
    <main
      class="studies"
      onDragOver={(event) => {
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => event.relatedTarget === null && setDropping(false)}
      onDrop={(event) => {
        event.preventDefault();
        setDropping(false);
        if (event.dataTransfer) void filesOf(event.dataTransfer).then((files) => uploads.add(files));
      }}
    >
      <h1 class="visually-hidden">Studies</h1>
      <div class="list-side" inert={hidden}>
        <SearchForm search={search.value} onChange={change}>
          <button type="button" disabled={!isSearched} onClick={() => change(EVERYTHING)}>
            {TEXT.clear}
          </button>
        </SearchForm>
        <div class="row bar">
          <Status />
          <span class="grow" />
          <Pickers />
        </div>
        <Trouble />
        <StudyList
          chosen={study}
          onOpen={(uid) => {
            location.hash = `#studies/${uid}`;
          }}
          onClose={() => {
            location.hash = "#studies";
          }}
          empty={<Empty isSearched={isSearched} onClear={() => change(EVERYTHING)} />}
        />
      </div>
      {study && <StudyPanel key={study} uid={study} alone={narrow} />}
      {dropping && <div class="drop">{TEXT.drop}</div>}
    </main>
  );
}

function Status() {
  void version.value;
  const { total, searching } = studies;
  return (
    <span role="status" class="quiet">
      {total !== null && TEXT.studies(total)} {searching && TEXT.searching}
    </span>
  );
}

function Trouble() {
  void version.value;
  if (!studies.fault) return null;
  return (
    <p class="fault" role="alert">
      {studies.fault}{" "}
      <button type="button" onClick={() => studies.retry()}>
        {TEXT.retry}
      </button>
    </p>
  );
}

function Empty({ isSearched, onClear }: { isSearched: boolean; onClear: () => void }) {
  if (!isSearched) {
    return (
      <div class="nothing">
        <p>{TEXT.empty}</p>
        <p class="quiet">{TEXT.emptyHint}</p>
      </div>
    );
  }
  return (
    <div class="nothing">
      <p>{TEXT.noMatch}</p>
      <button type="button" onClick={onClear}>
        {TEXT.clear}
      </button>
    </div>
  );
}

function Pickers() {
  return (
    <>
      <Picker label={TEXT.uploadFiles} folder={false} />
      <Picker label={TEXT.uploadFolder} folder={true} />
    </>
  );
}

function Picker({ label, folder }: { label: string; folder: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (input.current) input.current.webkitdirectory = folder;
  }, [folder]);
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={label}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          if (files.length) uploads.add(files);
        }}
      />
    </>
  );
}
