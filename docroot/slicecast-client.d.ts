/** Types of `slicecast-client.js`. */
export * from "./slicecast-client/embed/index";
