import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What a page fetches before it is usable, in bytes over the wire. */
export interface FirstLoad {
  readonly files: readonly {
    readonly path: string;
    readonly brotliBytes: number;
    readonly gzipBytes: number;
  }[];
  readonly brotliBytes: number;
  readonly gzipBytes: number;
}

const REFERENCE = /\b(?:src|href)="(\/[^"]+\.(?:js|css|svg|webmanifest))"/g;

/** Reads a built page and adds up the page itself, its scripts, preloads, styles, icon and manifest. */
export function firstLoad(distFolder: string, page: string): FirstLoad {
  const html = readFileSync(join(distFolder, page), "utf8");
  const paths = new Set([page, ...[...html.matchAll(REFERENCE)].map(([, path = ""]) => path.slice(1))]);
  const files = [...paths].map((path) => ({
    path,
    brotliBytes: sizeOf(distFolder, path, ".br"),
    gzipBytes: sizeOf(distFolder, path, ".gz"),
  }));
  return {
    files,
    brotliBytes: files.reduce((sum, file) => sum + file.brotliBytes, 0),
    gzipBytes: files.reduce((sum, file) => sum + file.gzipBytes, 0),
  };
}

/** Files that compression does not make smaller have no compressed form. */
function sizeOf(distFolder: string, path: string, suffix: string): number {
  const compressed = join(distFolder, path + suffix);
  return statSync(existsSync(compressed) ? compressed : join(distFolder, path)).size;
}
