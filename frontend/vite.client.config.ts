import { defineConfig } from "vite";

/** `slicecast-client.js`: one ES module for any page, beside the static pages. */
export default defineConfig({
  build: {
    outDir: "docroot",
    emptyOutDir: false,
    copyPublicDir: false,
    target: "es2022",
    lib: { entry: "frontend/src/embed/index.ts", formats: ["es"], fileName: () => "slicecast-client.js" },
  },
});
