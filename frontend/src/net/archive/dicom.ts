/** Studies and series as DICOM JSON has them, and queries as QIDO-RS wants them. */

export interface Study {
  uid: string;
  patient: string;
  patientId: string;
  birthDate: string;
  sex: string;
  date: string;
  time: string;
  description: string;
  accession: string;
  modalities: string[];
  series: number;
  instances: number;
}

export interface Series {
  uid: string;
  modality: string;
  number: string;
  description: string;
  instances: number;
}

export interface Search {
  patient: string;
  patientId: string;
  accession: string;
  description: string;
  /** As `<input type="date">` has them: 2024-01-31. */
  from: string;
  to: string;
  modality: string;
}

export const EVERYTHING: Search = {
  patient: "",
  patientId: "",
  accession: "",
  description: "",
  from: "",
  to: "",
  modality: "",
};

type Element = { Value?: unknown[] };
export type Model = Record<string, Element | undefined>;

function values(model: Model, tag: string): string[] {
  return (model[tag]?.Value ?? []).map((value) => {
    if (value === null || value === undefined) return "";
    if (typeof value !== "object") return String(value);
    const name = value as Record<string, string>;
    return name.Alphabetic ?? name.Ideographic ?? name.Phonetic ?? "";
  });
}

const text = (model: Model, tag: string) => values(model, tag)[0] ?? "";
const count = (model: Model, tag: string) => Number(text(model, tag)) || 0;

/** `Doe^Jane^^Dr` as people write it: Doe, Jane, Dr. */
export function nameOf(name: string): string {
  return name
    .split("^")
    .map((part) => part.trim())
    .filter(Boolean)
    .join(", ");
}

/** `20240131` as 2024-01-31; what is no date stays as it is. */
export function dateOf(date: string): string {
  const found = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(date);
  return found ? `${found[1]}-${found[2]}-${found[3]}` : date;
}

/** `101530.5` as 10:15. */
export function timeOf(time: string): string {
  const found = /^(\d{2}):?(\d{2})/.exec(time);
  return found ? `${found[1]}:${found[2]}` : time;
}

export function studyOf(model: Model): Study {
  return {
    uid: text(model, "0020000D"),
    patient: nameOf(text(model, "00100010")),
    patientId: text(model, "00100020"),
    birthDate: dateOf(text(model, "00100030")),
    sex: text(model, "00100040"),
    date: dateOf(text(model, "00080020")),
    time: timeOf(text(model, "00080030")),
    description: text(model, "00081030"),
    accession: text(model, "00080050"),
    modalities: values(model, "00080061"),
    series: count(model, "00201206"),
    instances: count(model, "00201208"),
  };
}

export function seriesOf(model: Model): Series {
  return {
    uid: text(model, "0020000E"),
    modality: text(model, "00080060"),
    number: text(model, "00200011"),
    description: text(model, "0008103E"),
    instances: count(model, "00201209"),
  };
}

/** Dates as a range of DICOM; empty where none is given. */
export function rangeOf(from: string, to: string): string {
  const [first, last] = [from.replaceAll("-", ""), to.replaceAll("-", "")];
  return first || last ? `${first}-${last}` : "";
}

/** What was typed, without what would be wild in a key or part its values. */
const plain = (typed: string) => typed.replace(/[*?\\=]/g, " ").trim();

/** The conditions of a search as QIDO-RS has them. */
export function conditionsOf(search: Search): URLSearchParams {
  const found = new URLSearchParams();
  const set = (name: string, value: string, wild = (typed: string) => typed) => {
    if (plain(value)) found.set(name, wild(plain(value)));
  };
  set("PatientName", search.patient);
  set("PatientID", search.patientId, (typed) => `${typed}*`);
  set("AccessionNumber", search.accession, (typed) => `${typed}*`);
  set("StudyDescription", search.description, (typed) => `*${typed}*`);
  set("StudyDate", rangeOf(search.from, search.to));
  set("ModalitiesInStudy", search.modality.toUpperCase());
  // Without it identifiers are found by their index.
  if (found.has("PatientName") || found.has("StudyDescription")) found.set("fuzzymatching", "true");
  return found;
}

/** The keys of a query of a peer (C-FIND): what is searched for, and what is wanted back. */
export function keysOf(search: Search): Record<string, string> {
  const wanted = [
    "StudyInstanceUID",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyDescription",
    "AccessionNumber",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
  ];
  const keys: Record<string, string> = Object.fromEntries(wanted.map((name) => [name, ""]));
  for (const [name, value] of conditionsOf(search)) if (name in keys) keys[name] = value;
  if (keys.PatientName) keys.PatientName = `*${keys.PatientName.split(/[\s,]+/).join("*")}*`;
  return keys;
}
