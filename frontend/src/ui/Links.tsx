/** `slicer:` links: asking before one is opened, and the offer to take them. */
import { signal } from "@preact/signals";
import { type Asked, canTakeLinks, openLink, takeLink, takeLinks } from "../net/links";
import { toast } from "../state/store";

const asked = signal<Asked | null>(takeLink());
window.addEventListener("hashchange", () => {
  asked.value = takeLink() ?? asked.value;
});

/** A page of another site may have sent the user here, so nothing is fetched before they agree. */
export function LinkQuestion() {
  const link = asked.value;
  if (!link) return null;
  const answer = (yes: boolean) => {
    asked.value = null;
    if (yes) openLink(link.link).catch((error: Error) => toast(error.message, "error"));
  };
  return (
    <dialog class="help" open aria-label="Open a link">
      <h2>Open this link?</h2>
      <p>It asks the server to fetch and load:</p>
      <ul>
        {link.what.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <button type="button" onClick={() => answer(true)}>
        Open
      </button>
      <button type="button" onClick={() => answer(false)}>
        Cancel
      </button>
    </dialog>
  );
}

export function LinkOffer() {
  if (!canTakeLinks()) return null;
  return (
    <button type="button" title="Have this browser open web+slicer: links here" onClick={takeLinks}>
      Take slicer links
    </button>
  );
}
