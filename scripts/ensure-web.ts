/**
 * Builds the web client when it has not been built, or when what it is built of is newer: the first half of
 * `npm start`. Says in one line what it does. A build that fails does not keep the server from starting; it
 * says on its page what is missing.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const page = join(root, "web", "dist", "index.html");
const vite = join(root, "node_modules", "vite", "bin", "vite.js");
/** What the web client is built of. */
const sources = [
  "web/*.{html,ts,json}",
  "web/{src,public,build}/**/*",
  "src/{base,client,protocol}/**/*.{ts,js}",
  "src/admin/api/**/*.ts",
  "package-lock.json",
];

function isUpToDate(): boolean {
  if (!existsSync(page)) return false;
  const builtMs = statSync(page).mtimeMs;
  const files = globSync(sources, { cwd: root, exclude: (name) => name.endsWith(".test.ts") });
  return files.every((file) => statSync(join(root, file)).mtimeMs <= builtMs);
}

function ensureWeb(): void {
  if (!existsSync(join(root, "web", "vite.config.ts")) || isUpToDate()) return;
  if (!existsSync(vite)) {
    console.error("the web client is not built: its tools are not installed (npm ci installs them)");
    return;
  }
  console.log("building the web client (a few seconds; only when it has changed)");
  const { status, stderr } = spawnSync(
    process.execPath,
    [vite, "build", "--config", join("web", "vite.config.ts"), "--logLevel", "error"],
    { cwd: root, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" },
  );
  if (status === 0) return;
  // What is wrong, not where in the tools it was noticed.
  console.error(stderr.split(/^ {4}at /m, 1)[0]?.trim());
  console.error("the web client could not be built (above); the server starts without it: npm run build:web");
}

ensureWeb();
