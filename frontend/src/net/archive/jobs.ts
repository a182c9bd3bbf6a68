/** Long work of the server, as `/api/jobs` tells of it. */
import { ask } from "./ask";

export interface Job {
  id: string;
  kind: string;
  title: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  progress: { text: string; fraction: number | null; counts: Record<string, number> };
  result: unknown;
  error: string | null;
  created: number;
  started: number | null;
  finished: number | null;
}

const LOOK_EVERY_MS = 400;

export const isOver = (job: Job) => job.state !== "queued" && job.state !== "running";

export async function listJobs(): Promise<Job[]> {
  return (await (await ask("/api/jobs", { cache: "no-store" })).json()).jobs;
}

export async function readJob(id: string): Promise<Job> {
  return (await ask(`/api/jobs/${id}`, { cache: "no-store" })).json();
}

export async function cancelJob(id: string): Promise<void> {
  await ask(`/api/jobs/${id}`, { method: "DELETE" });
}

/** Look at a job until it is over; `heard` is told its state each time. */
export async function follow(id: string, heard: (job: Job) => void, signal?: AbortSignal): Promise<Job> {
  for (;;) {
    const job = await readJob(id);
    signal?.throwIfAborted();
    heard(job);
    if (isOver(job)) return job;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
