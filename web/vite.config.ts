import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env["TALKOO_SERVER"] ?? "http://127.0.0.1:8024";
// The Host header names the portal, so it stays as the browser sent it.
const proxied = { target: server, changeOrigin: false, ws: true };

export default defineConfig({
  plugins: [react()],
  // The server puts a new word in its place for each page; only what carries it runs.
  html: { cspNonce: "__CSP_NONCE__" },
  build: { outDir: "dist", target: "es2022", chunkSizeWarningLimit: 900 },
  server: {
    port: 5173,
    allowedHosts: [".localhost"],
    proxy: { "/api": proxied, "/socket.io": proxied },
  },
});
