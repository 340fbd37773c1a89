import { existsSync, globSync, readFileSync, statSync } from "node:fs";
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
  const referred = [...html.matchAll(REFERENCE)].map(([, path = ""]) => path.slice(1));
  const paths = new Set([page, ...referred, ...dictionaryOf(distFolder, page)]);
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

/** The chat page fetches the words of one language before it shows anything: here, of the one that has the longer file. */
function dictionaryOf(distFolder: string, page: string): string[] {
  if (page !== "index.html") return [];
  const found = globSync("assets/{en,ko}-*.js", { cwd: distFolder });
  return found
    .toSorted((one, other) => sizeOf(distFolder, other, ".gz") - sizeOf(distFolder, one, ".gz"))
    .slice(0, 1);
}

/** Files that compression does not make smaller have no compressed form. */
function sizeOf(distFolder: string, path: string, suffix: string): number {
  const compressed = join(distFolder, path + suffix);
  return statSync(existsSync(compressed) ? compressed : join(distFolder, path)).size;
}
