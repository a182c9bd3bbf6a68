/** Long work of the server: how far it is, and what came of it. */
import { useEffect, useState } from "preact/hooks";
import { wordsOf } from "../../net/archive/ask";
import { cancelJob, isOver, type Job, listJobs } from "../../net/archive/jobs";
import { number, STATES, TEXT } from "./texts";

const LOOK_EVERY_MS = 1000;

export function JobsPage() {
  const [jobs, setJobs] = useState<Job[] | null>(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    let timer = 0;
    let ended = false;
    const look = async () => {
      if (document.visibilityState === "visible") {
        try {
          setJobs(await listJobs());
          setFault("");
        } catch (error) {
          setFault(wordsOf(error));
        }
      }
      if (!ended) timer = window.setTimeout(look, LOOK_EVERY_MS);
    };
    void look();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, []);
  return (
    <main class="plain">
      <h1>Jobs</h1>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {!jobs && !fault && <p class="quiet">{TEXT.searching}</p>}
      {jobs?.length === 0 && (
        <p class="quiet">
          Nothing yet. Uploads of zips, transfers from and to peers, and studies being opened show here.
        </p>
      )}
      <ul class="jobs">
        {jobs?.map((job) => (
          <JobCard key={job.id} job={job} onFault={setFault} />
        ))}
      </ul>
    </main>
  );
}

const time = (seconds: number) => new Date(seconds * 1000).toLocaleString();

function lastedOf(job: Job): string {
  const begun = job.started ?? job.created;
  return job.finished ? ` · ${(job.finished - begun).toFixed(1)} s` : "";
}

function JobCard({ job, onFault }: { job: Job; onFault: (words: string) => void }) {
  const counts = Object.entries(job.progress.counts).map(
    ([name, n]) => `${number(n)} ${name.replace("_", " ")}`,
  );
  const refused = refusalsOf(job.result);
  return (
    <li class={job.state}>
      <div class="row">
        <strong>{job.title}</strong>
        <span class={`state ${job.state}`}>{STATES[job.state] ?? job.state}</span>
        <span class="grow" />
        {!isOver(job) && (
          <button
            type="button"
            aria-label={`${TEXT.cancel} ${job.title}`}
            onClick={() => cancelJob(job.id).catch((error) => onFault(wordsOf(error)))}
          >
            {TEXT.cancel}
          </button>
        )}
      </div>
      {!isOver(job) && <progress max={1} value={job.progress.fraction ?? undefined} aria-label={job.title} />}
      <p class="quiet">{[job.progress.text, ...counts].filter(Boolean).join(" · ")}</p>
      {job.error && <p class="fault">{job.error}</p>}
      {refused.length > 0 && (
        <details>
          <summary>{`${number(refused.length)} refused`}</summary>
          <ul>
            {refused.map((words, index) => (
              <li key={index}>{words}</li>
            ))}
          </ul>
        </details>
      )}
      <p class="quiet">
        {job.kind} · {time(job.created)}
        {lastedOf(job)}
      </p>
    </li>
  );
}

/** What a job's result says that it could not do: names with reasons. */
export function refusalsOf(result: unknown): string[] {
  const found = result as { refused?: unknown; failed?: unknown } | null;
  const list = [found?.refused, found?.failed].find(Array.isArray) ?? [];
  return list.map((one: unknown) => {
    if (typeof one !== "object" || one === null) return String(one);
    return Object.values(one).join(": ");
  });
}
