import { defineConfig } from "vitest/config";

export default defineConfig({
  root: "frontend",
  base: "/viewer/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { outDir: "../docroot/viewer", emptyOutDir: true, target: "es2022", assetsDir: "assets" },
  worker: { format: "es" },
  server: {
    proxy: {
      "/stream": { target: "ws://localhost:2016", ws: true },
      "^/(api|slicer|slice|threeD)": "http://localhost:2016",
    },
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.ts"] },
});
