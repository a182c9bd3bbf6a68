import { render } from "preact";
import { ages, pictures, states, status, stream } from "./state/store";
import { App } from "./ui/App";

const SERVER_PANEL = "#server";

async function begin(root: HTMLElement): Promise<void> {
  if (location.hash === SERVER_PANEL) {
    const { ServerPanel } = await import("./ui/ServerPanel");
    document.title = "Slicecast server";
    render(<ServerPanel />, root);
    return;
  }
  render(<App />, root);
  stream.connect(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/stream`);
}

const root = document.getElementById("app");
if (root) void begin(root);
// The panel and the viewer are two pages at one address.
let wasPanel = location.hash === SERVER_PANEL;
addEventListener("hashchange", () => {
  const isPanel = location.hash === SERVER_PANEL;
  if (isPanel !== wasPanel) location.reload();
  wasPanel = isPanel;
});

/** For tests and the curious: what each view shows now. */
Object.assign(window, {
  slicecast: {
    status: () => status.value,
    state: (view: string) => states(view).value,
    picture: (view: string) => pictures(view).value,
    ages: (view: string) => ages(view).summary(),
    /** Calls back for every picture drawn; returns what ends it. */
    follow: (view: string, heard: (picture: unknown) => void) => pictures(view).subscribe(heard),
  },
});
