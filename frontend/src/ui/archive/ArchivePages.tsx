/** The pages of the archive: studies, jobs, peers. Uploads go on while the user moves between them. */
import { useEffect } from "preact/hooks";
import { lookAround, type PageName, place, placeOf, upload } from "../../state/archive/browser";
import { Toasts } from "../Toasts";
import { JobsPage } from "./JobsPage";
import { PeersPage } from "./PeersPage";
import { StudiesPage } from "./StudiesPage";
import { PAGES, TEXT } from "./texts";
import { UploadBar } from "./UploadBar";
import "../../style/archive.css";

function onHash(): void {
  place.value = placeOf(location.hash) ?? place.peek();
}

function onLeave(event: BeforeUnloadEvent): void {
  if (upload.peek()?.state === "running") event.preventDefault();
}

export function ArchivePages() {
  const { page } = place.value;
  useEffect(() => {
    lookAround();
    addEventListener("hashchange", onHash);
    addEventListener("beforeunload", onLeave);
    return () => {
      removeEventListener("hashchange", onHash);
      removeEventListener("beforeunload", onLeave);
    };
  }, []);
  useEffect(() => {
    document.title = `${PAGES[page]} · Slicecast`;
  }, [page]);
  return (
    <div class="archive">
      <header class="toolbar">
        <a class="brand" href="/" aria-label="Slicecast start page">
          Slicecast
        </a>
        <nav aria-label="Pages">
          {(Object.keys(PAGES) as PageName[]).map((name) => (
            <a key={name} href={`#${name}`} aria-current={name === page ? "page" : undefined}>
              {PAGES[name]}
            </a>
          ))}
        </nav>
        <span class="grow" />
        <a href="/viewer/">{TEXT.viewer}</a>
        <a class="rare" href="/viewer/#server">
          {TEXT.server}
        </a>
      </header>
      {page === "studies" && <StudiesPage />}
      {page === "jobs" && <JobsPage />}
      {page === "peers" && <PeersPage />}
      <UploadBar />
      <Toasts />
    </div>
  );
}
