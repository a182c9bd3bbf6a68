/** `slicecast-client.js`: one ES module for any page, beside the static pages. */
declare const _default: import("vite").UserConfig;
export default _default;
