/** Opening a link to a view: at once where nobody else looks, after a question where that would move the views of others. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import "../../../style/share.css";
import { showToAll, showToMe } from "../../../state/share/links";
import { nameOf, others } from "../../../state/share/people";
import { members, scene, states, status } from "../../../state/store";
import { SHARE } from "./texts";

/** Open a shared view as soon as the scene is there. */
export function openShared(id: string): void {
  const end = effect(() => {
    const isThere = status.value === "open" && scene.value.status === "ready" && states("Red").value !== null;
    if (!isThere || members.value.length === 0) return;
    queueMicrotask(() => end());
    if (others().length === 0) void showToAll(id);
    else ask(id);
  });
}

function ask(id: string): void {
  const root = document.createElement("div");
  document.body.append(root);
  const answer = (work: ((id: string) => Promise<void>) | null) => {
    render(null, root);
    root.remove();
    if (work) void work(id);
  };
  render(<Question onAnswer={answer} />, root);
}

function Question({ onAnswer }: { onAnswer: (work: ((id: string) => Promise<void>) | null) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const names = others().map((member) => nameOf(member.id));
  return (
    <dialog
      ref={dialog}
      class="share-question"
      aria-label={SHARE.openTitle}
      onKeyDown={(event) => event.stopPropagation()}
      onCancel={(event) => {
        event.preventDefault();
        onAnswer(null);
      }}
    >
      <h2>{SHARE.openTitle}</h2>
      <p>{SHARE.openText(names.join(", "))}</p>
      <div class="row">
        <button type="button" onClick={() => onAnswer(null)}>
          {SHARE.no}
        </button>
        <button type="button" onClick={() => onAnswer(showToMe)}>
          {SHARE.forMe}
        </button>
        <button type="button" class="main" onClick={() => onAnswer(showToAll)}>
          {SHARE.forAll}
        </button>
      </div>
    </dialog>
  );
}
