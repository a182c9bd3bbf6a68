import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Scripts and styles lie beside themselves compressed, which is what browsers are sent. */
const compressed: Plugin = {
  name: "compressed",
  apply: "build",
  async writeBundle({ dir = "" }, bundle) {
    for (const name of Object.keys(bundle).filter((name) => /\.(js|css)$/.test(name))) {
      const path = join(dir, name);
      await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
    }
  },
};

export default defineConfig({
  plugins: [compressed],
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
