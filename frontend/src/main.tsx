import { render } from "preact";
import { ages, pictures, states, status, stream } from "./state/store";
import { App } from "./ui/App";

const root = document.getElementById("app");
if (root) {
  render(<App />, root);
  stream.connect(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/stream`);
}

/** For tests and the curious: what each view shows now. */
Object.assign(window, {
  slicecast: {
    status: () => status.value,
    state: (view: string) => states(view).value,
    picture: (view: string) => pictures(view).value,
    ages: (view: string) => ages(view).summary(),
  },
});
