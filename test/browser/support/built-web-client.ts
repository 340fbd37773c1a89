import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const repository = fileURLToPath(new URL("../../../", import.meta.url));

/** What the pages are made of. */
const SOURCES = [
  "web/*.{html,ts}",
  "web/{src,build,public}/**/*.*",
  "src/{client,base,protocol}/**/*.ts",
  "package.json",
];

/** Builds web/dist when it is missing, or older than what it is made of. */
export async function builtWebClient(): Promise<void> {
  const builtMs = modifiedMs(join(repository, "web/dist/index.html"));
  const sources = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: repository }));
  const newestMs = sources.reduce((newest, file) => Math.max(newest, modifiedMs(join(repository, file))), 0);
  if (builtMs > newestMs) return;
  await build({ configFile: join(repository, "web/vite.config.ts"), logLevel: "error" });
}

/** 0: there is no such file. */
function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
