/** How far a job is that this page has begun, or what went wrong. */
import { cancelJob, isOver } from "../../net/archive/jobs";
import { forget, works } from "../../state/archive/browser";
import { STATES, TEXT } from "./texts";

export function WorkLine({ of }: { of: string }) {
  const work = works.value[of];
  if (!work) return null;
  const { job, fault } = work;
  const over = fault !== "" || (job !== null && isOver(job));
  return (
    <div class={`work ${fault ? "fault" : ""}`} role={fault ? "alert" : "status"}>
      <span>
        {work.what}: {fault || job?.progress.text || (job ? STATES[job.state] : TEXT.searching)}
        {over && !fault && job?.progress.text && ` (${STATES[job.state]})`}
      </span>
      {!over && <progress max={1} value={job?.progress.fraction ?? undefined} aria-label={work.what} />}
      {!over && job && (
        <button type="button" onClick={() => void cancelJob(job.id).catch(() => undefined)}>
          {TEXT.cancel}
        </button>
      )}
      {over && (
        <button type="button" class="icon" aria-label={TEXT.close} onClick={() => forget(of)}>
          ×
        </button>
      )}
    </div>
  );
}
