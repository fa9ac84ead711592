import { defineConfig } from "vite";

// The reducer alone, for Node: the Python suite proves with it that a snapshot and the events after
// it make the later snapshot.
export default defineConfig({
  build: {
    outDir: "dist-verify",
    target: "node20",
    ssr: "src/client/verify.ts",
    rollupOptions: { output: { entryFileNames: "verify.mjs" } },
  },
});
