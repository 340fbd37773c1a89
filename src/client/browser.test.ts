import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, it } from "node:test";

const nodeOnly = /(?:tcp-transport|node-client|index)\.ts$/;

/** What a file imports when it runs; types are gone by then. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const pattern = /(?:^|\n)(?:import|export)\s+(?!type\b)(?:([^"';]*?)\sfrom\s+)?["']([^"']+)["']/g;
  return [...text.matchAll(pattern)].flatMap(([, names = "", specifier = ""]) => {
    const listed = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
    const isTypesOnly = listed?.split(",").every((name) => /^\s*(?:type\s.*)?$/s.test(name)) ?? false;
    return isTypesOnly ? [] : [specifier];
  });
}

/** Everything that these files import when they run, and what of it a browser has not. */
function reach(files: readonly string[]): {
  readonly seen: ReadonlySet<string>;
  readonly breaches: string[];
} {
  const seen = new Set(files);
  const breaches: string[] = [];
  for (const file of seen) {
    for (const specifier of importsOf(file)) {
      const target = specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier;
      if (/^node:|^src\/(?:engine|websocket|http|chat|admin|cli)\//.test(target))
        breaches.push(`${file} imports ${specifier}`);
      else if (specifier.startsWith(".") && /\.tsx?$/.test(target)) seen.add(target);
    }
  }
  return { seen, breaches };
}

describe("the client in a browser", () => {
  it("needs nothing of Node, in itself or in what it imports", () => {
    const files = globSync("src/client/*.ts").filter(
      (file) => !file.endsWith(".test.ts") && !nodeOnly.test(file),
    );
    assert.ok(files.includes("src/client/chat-client.ts"));
    const { seen, breaches } = reach(files);
    assert.ok(seen.has("src/protocol/packet-encoder.ts"));
    assert.deepEqual(breaches, []);
  });

  it("needs nothing of the server in the web client either", () => {
    const { seen, breaches } = reach(["web/src/app/main.tsx"]);
    for (const file of ["web/src/state/chat-store.ts", "src/client/websocket-transport.ts"]) {
      assert.ok(seen.has(file), file);
    }
    assert.deepEqual(breaches, []);
  });
});
