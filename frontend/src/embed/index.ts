/** `slicecast-client.js`: the client module and the element `<slicecast-view>` (docs/embedding.md). */
export { Client, connect, sameView, View, type ViewOptions } from "./client";
export { SlicecastView } from "./element";
