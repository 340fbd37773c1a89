import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, it } from "node:test";

/**
 * The rules of the folder tree (docs/ARCHITECTURE.md), kept by a test rather than by good will.
 * Layers import downwards only; a number is a layer's height.
 */
const layers: readonly (readonly [folder: string, height: number, mayImport: readonly string[]])[] = [
  ["src/base/", 0, []],
  ["src/engine/", 1, ["src/base/"]],
  ["src/protocol/", 2, ["src/base/", "src/engine/"]],
  ["src/websocket/", 3, ["src/base/", "src/engine/"]],
  ["src/http/", 4, ["src/base/", "src/engine/", "src/websocket/"]],
  ["src/chat/", 5, ["src/base/", "src/engine/", "src/protocol/", "src/websocket/", "src/http/"]],
  ["src/client/", 5, ["src/base/", "src/engine/", "src/protocol/"]],
  [
    "src/admin/",
    6,
    ["src/base/", "src/engine/", "src/protocol/", "src/websocket/", "src/http/", "src/chat/"],
  ],
  [
    "src/cli/",
    7,
    [
      "src/base/",
      "src/engine/",
      "src/protocol/",
      "src/websocket/",
      "src/http/",
      "src/chat/",
      "src/client/",
      "src/admin/",
    ],
  ],
  ["src/main.ts", 8, ["src/cli/", "src/base/"]],
];

interface Import {
  readonly file: string;
  /** A repository path for relative imports, the bare name for others. */
  readonly target: string;
  readonly typeOnly: boolean;
}

const sources = globSync("src/**/*.ts").filter((file) => !file.includes("/generated/"));
const product = sources.filter((file) => !file.endsWith(".test.ts"));

function read(file: string): string {
  return readFileSync(file, "utf8");
}

/** Code without comments and strings, for rules about calls. */
function code(file: string): string {
  return read(file)
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/(?<=^|[^:"'`])\/\/.*$/gm, "");
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;

function importsOf(file: string): Import[] {
  return [...code(file).matchAll(importPattern)].map((match) => {
    const specifier = match[2] ?? match[3] ?? "";
    const target = specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier;
    return { file, target, typeOnly: match[1] !== undefined };
  });
}

const imports = product.flatMap(importsOf);

function layerOf(file: string) {
  return layers.find(([folder]) => file.startsWith(folder));
}

/** Fails with one line for each breach. */
function expectNone(breaches: readonly string[], rule: string): void {
  assert.equal(breaches.length, 0, `${rule}\n  ${breaches.join("\n  ")}`);
}

describe("tidy", () => {
  it("every source file belongs to a layer", () => {
    expectNone(
      product.filter((file) => layerOf(file) === undefined),
      "put it into a folder of the tree:",
    );
  });

  it("imports go down only", () => {
    const breaches = imports.filter(({ file, target }) => {
      if (!target.startsWith("src/")) return false;
      const [folder, , mayImport] = layerOf(file) ?? ["", 0, []];
      return !target.startsWith(folder) && !mayImport.some((allowed) => target.startsWith(allowed));
    });
    expectNone(
      breaches.map(({ file, target }) => `${file} imports ${target}`),
      "a lower layer knows nothing of a higher one:",
    );
  });

  it("the engine is entered through its door", () => {
    const breaches = imports.filter(
      ({ file, target }) =>
        target.startsWith("src/engine/") &&
        !file.startsWith("src/engine/") &&
        target !== "src/engine/index.ts",
    );
    expectNone(
      breaches.map(({ file, target }) => `${file} imports ${target}`),
      "import from src/engine/index.ts:",
    );
  });

  it("foreign functions are called in the uring, iocp and openssl folders alone", () => {
    const breaches = product.filter(
      (file) => /["']koffi["']/.test(code(file)) && !/^src\/engine\/(uring|iocp|openssl)\//.test(file),
    );
    expectNone(breaches, "koffi belongs to src/engine/uring, src/engine/iocp and src/engine/openssl:");
  });

  it("node:net is used in the libuv folder alone, node:tls in the tls folder alone", () => {
    const breaches = imports.filter(
      ({ file, target }) =>
        (/^(node:)?(net|dgram)$/.test(target) && !file.startsWith("src/engine/libuv/")) ||
        (/^(node:)?tls$/.test(target) && !file.startsWith("src/engine/tls/")),
    );
    expectNone(
      breaches.map(({ file }) => file),
      "sockets are the ports' business:",
    );
  });

  it("the engine touches files through its ports alone", () => {
    const breaches = imports.filter(
      ({ file, target }) =>
        /^(node:)?fs(\/promises)?$/.test(target) &&
        file.startsWith("src/engine/") &&
        !file.startsWith("src/engine/libuv/") &&
        file !== "src/engine/uring/probe.ts", // reads what the kernel tells in /proc, once
    );
    expectNone(
      breaches.map(({ file }) => file),
      "files are the ports' business (openFile, AsyncFile):",
    );
  });

  it("the clock and the random source are read in one place each", () => {
    const pattern = /\bDate\.now\(|\bMath\.random\(|\bperformance\.now\(|\bnew Date\(\)|\bhrtime\b/;
    const allowed = new Set(["src/base/clock.ts", "src/base/random.ts"]);
    const breaches = product.filter((file) => !allowed.has(file) && pattern.test(code(file)));
    expectNone(breaches, "take a Clock or a Random as a parameter:");
  });

  it("the hub is a state machine: no I/O, no promise, no timer", () => {
    const hub = product.filter(
      (file) => file.startsWith("src/chat/hub/") && !file.endsWith("hub-service.ts"),
    );
    assert.ok(hub.length > 0);
    const breaches = hub.filter(
      (file) =>
        /\basync\b|\bawait\b|\bPromise\b|\bsetTimeout\b|\bsetImmediate\b/.test(code(file)) ||
        importsOf(file).some(
          ({ target, typeOnly }) =>
            !typeOnly && (target.startsWith("node:") || target.startsWith("src/engine/")),
        ),
    );
    expectNone(breaches, "effects are asked for, not carried out:");
  });

  it("the client's core runs where there is no Node", () => {
    const files = product.filter(
      (file) => file.startsWith("src/client/") && !/tcp-|node-|index\.ts$/.test(file),
    );
    const breaches = files.filter((file) =>
      importsOf(file).some(
        ({ target, typeOnly }) =>
          !typeOnly && (target.startsWith("node:") || target.startsWith("src/engine/")),
      ),
    );
    expectNone(breaches, "only the TCP transport may know the engine or Node:");
  });

  it("file names are kebab-case, say what is in them, and files stay readable", () => {
    const names = sources.filter(
      (file) =>
        !/\/[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(file) || /\/(utils?|helpers?|misc)\b/.test(file),
    );
    expectNone(names, "name it after its main export, in kebab-case:");
    const long = product
      .map((file) => [file, read(file).split("\n").length] as const)
      .filter(([, lines]) => lines > 500);
    expectNone(
      long.map(([file, lines]) => `${file}: ${lines} lines`),
      "a file of more than 500 lines is usually two:",
    );
  });

  it("nothing is left unfinished, and no machine's paths are told", () => {
    const files = globSync([
      "src/**/*.ts",
      "test/**/*.ts",
      "bench/*.ts",
      "examples/**/*.ts",
      "docs/**/*.md",
      "*.md",
    ]).filter(
      (file) =>
        !file.includes("node_modules") && file !== "test/tidy.test.ts" && !file.includes("/generated/"),
    );
    const breaches = files.filter((file) =>
      /\bTODO\b|\bFIXME\b|\bXXX\b|not implemented|\/work\/|\/root\//.test(read(file)),
    );
    expectNone(breaches, "finish it or say so in an issue:");
  });

  it("the lock files name no download addresses", () => {
    const locks = globSync(["package-lock.json", "bench/package-lock.json"]);
    expectNone(
      locks.filter((file) => read(file).includes('"resolved": "http')),
      "npm is set to omit them (.npmrc):",
    );
  });
});
