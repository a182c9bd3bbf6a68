/** A question before something that can not be undone. */
import "../../style/confirm.css";
import { useEffect, useRef } from "preact/hooks";
import { TEXT } from "./texts";

export function Confirm(props: {
  title: string;
  text: string;
  yes: string;
  onAnswer: (yes: boolean) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="confirm"
      aria-label={props.title}
      onKeyDown={(event) => event.stopPropagation()} // Escape is for the question, not for what is behind it
      onCancel={(event) => {
        event.preventDefault();
        props.onAnswer(false);
      }}
    >
      <h2>{props.title}</h2>
      <p>{props.text}</p>
      <div class="row">
        <button type="button" onClick={() => props.onAnswer(false)}>
          {TEXT.cancel}
        </button>
        <button type="button" class="danger" onClick={() => props.onAnswer(true)}>
          {props.yes}
        </button>
      </div>
    </dialog>
  );
}
