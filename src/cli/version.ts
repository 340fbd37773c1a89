import { readFileSync } from "node:fs";

/** The version of this package; "unknown" where its package.json is not beside it. */
export function packageVersion(): string {
  try {
    const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    const content: unknown = JSON.parse(text);
    if (typeof content === "object" && content !== null && "version" in content)
      return String(content.version);
  } catch {
    // Copied out of its package: everything else works all the same.
  }
  return "unknown";
}
