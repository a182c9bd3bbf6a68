/** Scripts of the demo pages: plain names, so that the pages in docroot/demos can be read and copied as they are. */
import { defineConfig } from "vite";

const pages = ["timecube.ts", "threeDCube.ts", "gltf.ts", "phone.ts", "latency.ts", "tool.ts", "react.tsx"];

export default defineConfig({
  root: "frontend",
  base: "/demos/built/",
  publicDir: false,
  worker: { format: "es" },
  build: {
    outDir: "../docroot/demos/built",
    emptyOutDir: true,
    target: "es2022",
    assetsDir: ".",
    chunkSizeWarningLimit: 900,
    license: { fileName: "licenses.md" },
    rolldownOptions: {
      input: Object.fromEntries(pages.map((page) => [page.split(".")[0], `frontend/src/demos/${page}`])),
      output: { entryFileNames: "[name].js" },
    },
  },
});
