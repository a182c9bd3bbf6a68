/** Files on their way into the archive: some at a time, each with its outcome. */
import { isGivenUp, wordsOf } from "../../net/archive/ask";
import type { Job } from "../../net/archive/jobs";
import { Interrupted, type Outcome, type Refused } from "../../net/archive/store";

export type Send = (
  file: File,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
  onJob: (job: Job) => void,
) => Promise<Outcome>;

/** Browsers keep six connections to a server: two are left for everything else. */
export const AT_A_TIME = 4;
export const SHOWN_REFUSALS = 500;
const LEFT_OUT = new Set(["thumbs.db", "desktop.ini", "dicomdir"]);

/** Whether a file is no image by its name: hidden, or what systems and media put beside images. */
export function isLeftOut(file: File): boolean {
  const parts = (file.webkitRelativePath || file.name).split("/");
  return (
    parts.some((part) => part.startsWith(".") || part === "__MACOSX") || LEFT_OUT.has(file.name.toLowerCase())
  );
}

export interface UploadState {
  files: number;
  done: number;
  bytes: number;
  sent: number;
  stored: number;
  refusals: number;
  refused: Refused[];
  leftOut: number;
  /** What the server does with a zip that it has. */
  unpacking: string;
  state: "idle" | "running" | "stopped" | "done" | "cancelled";
  fault: string;
}

const NOTHING: UploadState = {
  files: 0,
  done: 0,
  bytes: 0,
  sent: 0,
  stored: 0,
  refusals: 0,
  refused: [],
  leftOut: 0,
  unpacking: "",
  state: "idle",
  fault: "",
};

export class Uploads {
  now: UploadState = NOTHING;
  private waiting: File[] = [];
  private partly = new Map<File, number>();
  private doneBytes = 0;
  private stopper = new AbortController();
  private working = 0;

  constructor(
    private readonly send: Send,
    private readonly changed: (state: UploadState) => void,
  ) {}

  /** Add files to what is under way, or begin anew. */
  add(files: File[]): void {
    const wanted = files.filter((file) => !isLeftOut(file));
    const isNew = this.now.state !== "running" && this.now.state !== "stopped";
    if (isNew) {
      this.now = NOTHING;
      this.doneBytes = 0;
      this.stopper = new AbortController();
    }
    this.waiting.push(...wanted);
    this.tell({
      files: this.now.files + wanted.length,
      bytes: this.now.bytes + wanted.reduce((sum, file) => sum + file.size, 0),
      leftOut: this.now.leftOut + files.length - wanted.length,
    });
    this.resume();
  }

  /** Go on after the server had not answered. */
  resume(): void {
    this.tell({ state: "running", fault: "" });
    this.start();
  }

  /** Stop everything. What is stored stays stored. */
  cancel(): void {
    if (this.now.state !== "running" && this.now.state !== "stopped") return;
    this.waiting = [];
    this.tell({ state: "cancelled", unpacking: "", fault: "" });
    this.stopper.abort();
  }

  /** Forget what is over. */
  clear(): void {
    if (this.now.state === "done" || this.now.state === "cancelled") this.tell({ ...NOTHING });
  }

  private async work(): Promise<void> {
    this.working += 1;
    const { signal } = this.stopper;
    while (this.now.state === "running" && !signal.aborted) {
      const file = this.waiting.shift();
      if (!file) break;
      await this.one(file, signal);
    }
    this.working -= 1;
    this.start(); // what was added after a cancel may have waited for this one to end
  }

  private async one(file: File, signal: AbortSignal): Promise<void> {
    try {
      const onSent = (bytes: number) => {
        this.partly.set(file, bytes);
        if (!signal.aborted) this.tell({});
      };
      const onJob = (job: Job) => this.tell({ unpacking: `${job.title}: ${job.progress.text || job.state}` });
      const outcome = await this.send(file, onSent, signal, onJob);
      this.partly.delete(file);
      if (!signal.aborted) this.count(file, outcome);
    } catch (error) {
      this.partly.delete(file);
      if (isGivenUp(error) || signal.aborted) return;
      if (error instanceof Interrupted) {
        this.waiting.unshift(file);
        this.tell({ state: "stopped", fault: wordsOf(error) });
      } else {
        const refused = [{ name: file.name, reason: wordsOf(error) }];
        this.count(file, { stored: 0, refused, refusals: 1 });
      }
    }
  }

  private count(file: File, outcome: Outcome): void {
    this.doneBytes += file.size;
    const { now } = this;
    this.tell({
      done: now.done + 1,
      stored: now.stored + outcome.stored,
      refusals: now.refusals + outcome.refusals,
      refused: [...now.refused, ...outcome.refused].slice(0, SHOWN_REFUSALS),
      unpacking: "",
    });
  }

  private start(): void {
    if (this.now.state !== "running") return;
    while (this.working < AT_A_TIME && this.waiting.length > 0) void this.work();
    if (this.working === 0) this.tell({ state: "done" });
  }

  private tell(changes: Partial<UploadState>): void {
    let sent = this.doneBytes;
    for (const bytes of this.partly.values()) sent += bytes;
    this.now = { ...this.now, ...changes, sent: changes.sent ?? sent };
    this.changed(this.now);
  }
}
