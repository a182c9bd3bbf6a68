/** What the pages of the archive know, as signals. */
import { signal } from "@preact/signals";
import { wordsOf } from "../../net/archive/ask";
import { EVERYTHING, type Search, type Study } from "../../net/archive/dicom";
import { follow, type Job } from "../../net/archive/jobs";
import { type Network, readNetwork } from "../../net/archive/peers";
import { store } from "../../net/archive/store";
import { findStudies, hasOhif } from "../../net/archive/studies";
import { Paged } from "./paged";
import { type UploadState, Uploads } from "./uploads";

export type PageName = "studies" | "jobs" | "peers";

export interface Place {
  page: PageName;
  /** A study's UID, or a peer's name; empty for none. */
  detail: string;
}

const PLACE = /^#(studies|jobs|peers)(?:\/([\w.-]+))?$/;

/** The page of the archive that a hash names; null where it names none. */
export function placeOf(hash: string): Place | null {
  const found = PLACE.exec(hash);
  return found ? { page: found[1] as PageName, detail: found[2] ?? "" } : null;
}

export const place = signal<Place>(placeOf(location.hash) ?? { page: "studies", detail: "" });

export const search = signal<Search>(EVERYTHING);
/** Changes whenever `studies` does. */
export const version = signal(0);
export const studies = new Paged<Search, Study>(findStudies, () => {
  version.value = version.peek() + 1;
});

/** Changes whenever the archive has changed in a way that this page knows of. */
export const changes = signal(0);

/** The archive holds something else now: look again at what is shown. */
export function lookAgain(): void {
  studies.refresh();
  changes.value = changes.peek() + 1;
}

const REFRESH_MS = 4000;
let refreshedAt = 0;

export const upload = signal<UploadState | null>(null);
export const uploads = new Uploads(store, (state) => {
  const before = upload.peek();
  upload.value = state.state === "idle" ? null : state;
  const isOver = state.state !== "running" && before?.state === "running";
  const isNews = state.stored !== (before?.stored ?? 0) && Date.now() - refreshedAt > REFRESH_MS;
  if (isOver || isNews) {
    refreshedAt = Date.now();
    lookAgain();
  }
});

export const ohif = signal(false);
export const network = signal<Network | null | undefined>(undefined);
export const networkFault = signal("");

let asked = false;

/** Ask once what else there is: OHIF, peers. */
export function lookAround(): void {
  if (asked) return;
  asked = true;
  void hasOhif().then((found) => {
    ohif.value = found;
  });
  readNetwork().then(
    (found) => {
      network.value = found;
    },
    (error) => {
      asked = false;
      networkFault.value = wordsOf(error);
    },
  );
}

/** Long work that a page waits for. */
export interface Work {
  what: string;
  job: Job | null;
  fault: string;
}

export const works = signal<Record<string, Work>>({});

function tell(key: string, work: Work | null): void {
  const { [key]: _, ...others } = works.peek();
  works.value = work ? { ...others, [key]: work } : others;
}

export const forget = (key: string) => tell(key, null);

/** Begin a job and follow it under a key; whether it was done. */
export async function begin(key: string, what: string, start: () => Promise<string>): Promise<boolean> {
  tell(key, { what, job: null, fault: "" });
  try {
    const id = await start();
    const job = await follow(id, (now) => tell(key, { what, job: now, fault: "" }));
    if (job.state === "failed") throw new Error(job.error ?? "it failed");
    return job.state === "done";
  } catch (error) {
    tell(key, { what, job: null, fault: wordsOf(error) });
    return false;
  }
}
