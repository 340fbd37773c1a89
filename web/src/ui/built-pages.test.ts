import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { firstLoad } from "../../build/first-load.ts";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const skip = existsSync(join(dist, "index.html")) ? false : "web/dist is not built: npm run build:web";
/** Over the wire: brotli, as browsers take it over TLS, and gzip, which they take without. */
const LIMIT_BYTES = 200_000;

describe("built pages", { skip }, () => {
  for (const page of ["index.html", "admin.html"]) {
    it(`${page}: the first load is under 200 kB`, () => {
      const { files, brotliBytes, gzipBytes } = firstLoad(dist, page);
      assert.ok(files.length >= 3, "the page, a script and a style at least");
      assert.ok(brotliBytes < LIMIT_BYTES, `${brotliBytes} bytes as brotli`);
      assert.ok(gzipBytes < LIMIT_BYTES, `${gzipBytes} bytes as gzip`);
    });

    it(`${page} has nothing inline that the Content-Security-Policy would refuse`, () => {
      const html = readFileSync(join(dist, page), "utf8");
      assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/i, "a script without src");
      assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:|data:/i);
    });
  }

  it("asks no other host for anything", () => {
    for (const file of globSync("**/*.{html,css}", { cwd: dist })) {
      const text = readFileSync(join(dist, file), "utf8");
      assert.doesNotMatch(text, /(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?\/\//i, file);
    }
  });

  it("leaves the fixtures out", () => {
    for (const file of globSync("**/*.{html,js}", { cwd: dist })) {
      assert.doesNotMatch(readFileSync(join(dist, file), "utf8"), /window\.fixture|seed 4711/, file);
    }
  });
});
