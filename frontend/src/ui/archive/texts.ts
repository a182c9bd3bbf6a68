/** Words of the archive's pages that several of them share, and how figures are written. */
import type { Study } from "../../net/archive/dicom";

const NUMBER = new Intl.NumberFormat("en");

export const number = (value: number) => NUMBER.format(value);
export const some = (count: number, one: string, many: string) =>
  `${number(count)} ${count === 1 ? one : many}`;

export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

export const PAGES = { studies: "Studies", jobs: "Jobs", peers: "Peers" } as const;

export const NAMELESS = "No name";
export const UNDESCRIBED = "No description";

export const titleOf = (study: Study) => study.patient || study.patientId || NAMELESS;

export const TEXT = {
  viewer: "Viewer",
  server: "Server",
  search: "Search",
  patient: "Patient",
  patientId: "Patient ID",
  accession: "Accession",
  description: "Description",
  from: "From",
  to: "To",
  modality: "Modality",
  filters: "More fields",
  clear: "Clear",
  born: "Born",
  date: "Date",
  contents: "Series / images",
  searching: "Searching…",
  studies: (count: number) => `${some(count, "study", "studies")}${count > 1 ? ", newest first" : ""}`,
  noMatch: "No study matches.",
  empty: "The archive is empty.",
  emptyHint:
    "Upload files or folders here, drop them anywhere on this page, or send them by DICOM or DICOMweb.",
  retry: "Try again",
  uploadFiles: "Upload files",
  uploadFolder: "Upload folder",
  drop: "Drop files, folders or zips to store them",
  cancel: "Cancel",
  close: "Close",
  back: "Back to the list",
  open: "Open in viewer",
  openSeries: "Open",
  ohif: "Open in OHIF",
  download: "Download",
  delete: "Delete",
  send: "Send to…",
  gone: "This study is not in the archive (any more).",
  series: (count: number) => some(count, "series", "series"),
  images: (count: number) => some(count, "image", "images"),
  deleteStudy: (study: Study) =>
    `The study of ${titleOf(study)}${study.date ? ` of ${study.date}` : ""} with ${TEXT.series(study.series)} and ` +
    `${TEXT.images(study.instances)} is removed from the archive. This can not be undone.`,
  deleteSeries: (what: string, images: number) =>
    `The series ${what} with ${TEXT.images(images)} is removed from the archive. This can not be undone.`,
};

export const MODALITIES = [
  "CT",
  "MR",
  "PT",
  "US",
  "CR",
  "DX",
  "MG",
  "XA",
  "NM",
  "RF",
  "SEG",
  "RTSTRUCT",
  "SR",
];

export const STATES: Record<string, string> = {
  queued: "waiting",
  running: "running",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
};
