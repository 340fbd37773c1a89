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

describe("the client in a browser", () => {
  it("needs nothing of Node, in itself or in what it imports", () => {
    const files = globSync("src/client/*.ts").filter(
      (file) => !file.endsWith(".test.ts") && !nodeOnly.test(file),
    );
    assert.ok(files.includes("src/client/chat-client.ts"));
    const seen = new Set(files);
    const breaches: string[] = [];
    for (const file of seen) {
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith("node:") || specifier.includes("/engine/"))
          breaches.push(`${file} imports ${specifier}`);
        else if (specifier.startsWith(".") && specifier.endsWith(".ts"))
          seen.add(normalize(join(dirname(file), specifier)));
      }
    }
    assert.ok(seen.has("src/protocol/packet-encoder.ts"));
    assert.deepEqual(breaches, []);
  });
});
