import { render } from "preact";
import { myName } from "./state/share/people";
import "./state/shell";
import { here } from "./net/place";
import { ages, pictures, states, status, stream } from "./state/store";
import { markups } from "./state/tools/markups";
import { App } from "./ui/App";

const SHARED = /^#view=([\w-]{16})$/;

type Kind = "viewer" | "server" | "archive";

/** Three pages at one address. */
function kindOf(hash: string): Kind {
  if (hash === "#server") return "server";
  return /^#(studies|jobs|peers)\b/.test(hash) ? "archive" : "viewer";
}

/** A link to a view may be what the page was opened with. */
function openLink(): void {
  const shared = SHARED.exec(location.hash)?.[1];
  if (!shared) return;
  history.replaceState(null, "", location.pathname + location.search); // a reload later is not to move everybody again
  void import("./ui/panels/share/open").then(({ openShared }) => openShared(shared));
}

async function begin(root: HTMLElement, kind: Kind): Promise<void> {
  if (kind === "server") {
    const { ServerPanel } = await import("./ui/ServerPanel");
    document.title = "Slicecast server";
    render(<ServerPanel />, root);
    return;
  }
  if (kind === "archive") {
    const { ArchivePages } = await import("./ui/archive/ArchivePages");
    render(<ArchivePages />, root);
    return;
  }
  render(<App />, root);
  stream.introduce(myName.value);
  openLink();
  addEventListener("hashchange", openLink);
  stream.connect(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${here("/stream")}`);
}

const root = document.getElementById("app");
const kind = kindOf(location.hash);
if (root) void begin(root, kind);
addEventListener("hashchange", () => kindOf(location.hash) !== kind && location.reload());

/** For tests and the curious: what each view shows now. */
Object.assign(window, {
  slicecast: {
    status: () => status.value,
    state: (view: string) => states(view).value,
    markups: () => [...markups.value.values()],
    picture: (view: string) => pictures(view).value,
    ages: (view: string) => ages(view).summary(),
    /** Calls back for every picture drawn; returns what ends it. */
    follow: (view: string, heard: (picture: unknown) => void) => pictures(view).subscribe(heard),
  },
});
