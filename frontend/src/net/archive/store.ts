/** A file into the archive: DICOM by STOW-RS, zips as a job. Sent by XMLHttpRequest, which tells how far it is. */

import { here } from "../place";
import { messageOf } from "./ask";
import { follow, type Job } from "./jobs";

export interface Refused {
  name: string;
  reason: string;
}

export interface Outcome {
  /** Instances that are in the archive now, those that had been there before included. */
  stored: number;
  refused: Refused[];
  /** Refused in all; `refused` may name the first of them only. */
  refusals: number;
}

/** The server could not be reached, or can not take anything now: the same would become of the next file. */
export class Interrupted extends Error {}

/** `DICM` */
const MARK = [0x44, 0x49, 0x43, 0x4d];
const MARK_AT = 128;
const UNAVAILABLE = [0, 502, 503, 504];

interface Answer {
  status: number;
  text: string;
}

function send(
  path: string,
  type: string,
  file: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    signal.addEventListener("abort", stop);
    request.onloadend = () => signal.removeEventListener("abort", stop);
    request.open("POST", path);
    request.setRequestHeader("Content-Type", type);
    request.setRequestHeader("Accept", "application/dicom+json, application/json");
    request.upload.onprogress = (event) => onSent(Math.min(event.loaded, file.size));
    request.onload = () => resolve({ status: request.status, text: request.responseText });
    request.onerror = () => reject(new Interrupted("the connection to the server was lost"));
    request.onabort = () => reject(new DOMException("given up", "AbortError"));
    request.send(file);
  });
}

export const isZip = (file: File) => /\.zip$/i.test(file.name);

/** Whether a file may be DICOM: by the mark behind its preamble, else by the group that its first element is of. The server looks closer. */
export async function mayBeDicom(file: Blob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, MARK_AT + MARK.length).arrayBuffer());
  if (MARK.every((byte, index) => head[MARK_AT + index] === byte)) return true;
  const [low = 0, high = 0] = head;
  return head.length >= 8 && [2, 8].includes(low ? low | (high << 8) : high);
}

const nameOf = (file: File) => file.webkitRelativePath || file.name;

/** Take a file in. Throws `Interrupted` where the next would fare the same, and AbortError when given up. */
export async function store(
  file: File,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
  onJob: (job: Job) => void,
): Promise<Outcome> {
  if (!isZip(file)) {
    if (!(await mayBeDicom(file))) {
      const refused = [{ name: nameOf(file), reason: "it is no DICOM file" }];
      return { stored: 0, refused, refusals: 1 };
    }
    const answer = await send("/dicom/studies", "application/dicom", file, onSent, signal);
    return outcomeOf(answer, nameOf(file));
  }
  const path = here(`/api/archive/files?name=${encodeURIComponent(file.name)}`);
  const answer = await send(path, "application/zip", file, onSent, signal);
  if (answer.status !== 202) return outcomeOf(answer, nameOf(file));
  const { job } = JSON.parse(answer.text);
  const stop = () => void fetch(here(`/api/jobs/${job}`), { method: "DELETE" });
  signal.addEventListener("abort", stop);
  try {
    return outcomeOfJob(await follow(job, onJob, signal));
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

const REFUSED = ["00081198", "0008119A"];

/** What the answer to one instance says of it. */
export function outcomeOf({ status, text }: Answer, name: string): Outcome {
  if (status === 200 || status === 202) return { stored: 1, refused: [], refusals: 0 };
  if (UNAVAILABLE.includes(status)) throw new Interrupted(messageOf(text) ?? `the server answered ${status}`);
  const reason = reasonOf(text) ?? messageOf(text) ?? `the server answered ${status}`;
  return { stored: 0, refused: [{ name, reason }], refusals: 1 };
}

function reasonOf(text: string): string | undefined {
  try {
    const model = JSON.parse(text);
    const item = REFUSED.map((tag) => model[tag]?.Value?.[0]).find(Boolean);
    return item?.["00000902"]?.Value?.[0];
  } catch {
    return undefined;
  }
}

interface Report {
  counts: Record<string, number>;
  refused: Refused[];
}

/** What became of a zip. */
export function outcomeOfJob(job: Job): Outcome {
  if (job.state !== "done") {
    const reason = job.error ?? "it was cancelled";
    return { stored: 0, refused: [{ name: job.title, reason }], refusals: 1 };
  }
  const { counts, refused } = job.result as Report;
  const { failed = 0, other = 0, ...here } = counts;
  const stored = Object.values(here).reduce((sum, some) => sum + some, 0);
  return { stored, refused, refusals: failed + other };
}
