/** `slicecast-client.js`: the client module and the element `<slicecast-view>` (docs/embedding.md). */
export { type Answer, type Api, ApiError, type Asked, apiOf, type OperationName } from "../net/api/ask";
export type { Operations } from "../net/api/operations";
export type { Patch, Pose, SceneInfo, SliceState, ThreeDState, ViewState } from "../net/protocol";
export { Client, connect, sameView, View, type ViewOptions } from "./client";
export { SlicecastView } from "./element";
