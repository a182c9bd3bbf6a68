/** The archive's side of the wire: searching, series, thumbnails, zips, opening, deleting. */
import { ask, post } from "./ask";
import { conditionsOf, type Model, type Search, type Series, type Study, seriesOf, studyOf } from "./dicom";

export interface Page<T> {
  rows: T[];
  /** Matches behind the last of the page. */
  more: number;
}

const MORE = /There are (\d+) additional results/;
const THUMBNAIL_PX = 128;
const MOST_SERIES = 2000;

/** How many matches a Warning header says are behind the page. */
export function moreOf(warning: string | null): number {
  return Number(MORE.exec(warning ?? "")?.[1] ?? 0);
}

async function page<T>(path: string, read: (model: Model) => T, signal?: AbortSignal): Promise<Page<T>> {
  const response = await ask(path, { headers: { Accept: "application/dicom+json" }, signal: signal ?? null });
  const models: Model[] = response.status === 204 ? [] : await response.json();
  return { rows: models.map(read), more: moreOf(response.headers.get("Warning")) };
}

/** One page of a search, newest studies first. */
export function findStudies(
  search: Search,
  offset: number,
  limit: number,
  signal: AbortSignal,
): Promise<Page<Study>> {
  const query = conditionsOf(search);
  query.set("includefield", "StudyDescription");
  query.set("limit", String(limit));
  query.set("offset", String(offset));
  return page(`/dicom/studies?${query}`, studyOf, signal);
}

export async function findStudy(study: string, signal?: AbortSignal): Promise<Study | undefined> {
  const query = new URLSearchParams({ StudyInstanceUID: study, includefield: "StudyDescription" });
  return (await page(`/dicom/studies?${query}`, studyOf, signal)).rows[0];
}

/** The series of a study, and how many there are beyond the most that are listed. */
export function findSeries(study: string, signal?: AbortSignal): Promise<Page<Series>> {
  return page(
    `/dicom/studies/${study}/series?limit=${MOST_SERIES}&includefield=SeriesDescription`,
    seriesOf,
    signal,
  );
}

export async function remove(study: string, series = ""): Promise<void> {
  await ask(`/dicom/studies/${study}${series && `/series/${series}`}`, { method: "DELETE" });
}

export function thumbnailUrl(study: string, series: string): string {
  const accept = encodeURIComponent("image/jpeg");
  return `/dicom/studies/${study}/series/${series}/thumbnail?viewport=${THUMBNAIL_PX},${THUMBNAIL_PX}&accept=${accept}`;
}

export function zipUrl(study: string, series = ""): string {
  return `/dicom/studies/${study}${series && `/series/${series}`}?accept=${encodeURIComponent("application/zip")}`;
}

export function ohifUrl(study: string): string {
  return `/browse/viewer?StudyInstanceUIDs=${study}`;
}

/** Whether OHIF is installed here. */
export async function hasOhif(): Promise<boolean> {
  return fetch("/browse/", { method: "HEAD" }).then(
    (answer) => answer.ok,
    () => false,
  );
}

/** Have a study, or one of its series, loaded into the scene; the job that does it. */
export async function openInScene(study: string, series = ""): Promise<string> {
  return (await post<{ job: string }>("/api/archive/open", { study, series })).job;
}
