import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "./build/precompress.ts";

const root = import.meta.dirname;

/** For development: the server that the pages talk to. `changeOrigin` stays off: it compares Origin and Host. */
const server = process.env.CHAT_SERVER ?? "http://127.0.0.1:8080";

/**
 * Two pages, the chat and the administration. The server's Content-Security-Policy is script-src 'self';
 * style-src 'self': nothing may end up inline, neither a script nor a style nor a data: URI.
 */
export default defineConfig({
  root,
  base: "/",
  plugins: [react(), precompress()],
  // Development only: the fixtures and the SDK lie outside of the root.
  server: {
    host: "127.0.0.1",
    fs: { allow: [join(root, "..")] },
    proxy: { "/ws": { target: server, ws: true }, "/api": { target: server } },
  },
  build: {
    outDir: join(root, "dist"),
    emptyOutDir: true,
    // light-dark(), the popover attribute, CSS nesting: from 2024 on.
    target: ["chrome125", "firefox129", "safari18"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: join(root, "index.html"), admin: join(root, "admin.html") },
    },
  },
});
