import { globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { firstLoad } from "./first-load.ts";

/** Of smaller files the headers are most of the answer. */
const LEAST_BYTES = 256;

/**
 * Writes a .br and a .gz beside every text of the build, at the highest level, so that the server only
 * has to send them; and says what each page's first load weighs.
 */
export function precompress(): Plugin {
  let outputFolder = "";
  return {
    name: "portico:precompress",
    apply: "build",
    configResolved(config) {
      outputFolder = config.build.outDir;
    },
    closeBundle: {
      order: "post",
      handler() {
        for (const file of globSync("**/*.{html,js,css,svg,json,webmanifest,txt}", { cwd: outputFolder })) {
          compress(join(outputFolder, file));
        }
        for (const page of globSync("*.html", { cwd: outputFolder })) {
          const { brotliBytes, gzipBytes } = firstLoad(outputFolder, page);
          this.info(`${page}: first load ${kB(brotliBytes)} as brotli, ${kB(gzipBytes)} as gzip`);
        }
      },
    },
  };
}

function compress(path: string): void {
  const bytes = readFileSync(path);
  if (bytes.length < LEAST_BYTES) return;
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, BROTLI_MAX_QUALITY } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: BROTLI_MAX_QUALITY, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const forms = [
    [".br", brotliCompressSync(bytes, { params })],
    [".gz", gzipSync(bytes, { level: 9 })],
  ] as const;
  for (const [suffix, compressed] of forms) {
    if (compressed.length < statSync(path).size) writeFileSync(path + suffix, compressed);
  }
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
