/** Messages that go by themselves. */
import { dismiss, toasts } from "../state/store";
import { SHELL } from "./shell/texts";

export function Toasts() {
  return (
    <div class="toasts" role="log" aria-live="polite">
      {toasts.value.map((t) => (
        <div key={t.id} class={`toast ${t.level}`}>
          <span>{t.text}</span>
          <button type="button" class="icon" aria-label={SHELL.dismiss} onClick={() => dismiss(t.id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
