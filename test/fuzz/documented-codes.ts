import { readFileSync } from "node:fs";
import { ErrorCode } from "../../src/protocol/codes.ts";

const PAGE = new URL("../../docs/PROTOCOL.md", import.meta.url);

/** What docs/PROTOCOL.md says that any response may have. */
const COMMON = ["OK", "INVALID_PACKET", "NOT_LOGGED_IN", "RATE_LIMITED", "BUSY", "SERVER_ERROR"];

/** The codes that docs/PROTOCOL.md gives each response, by the name of its message. */
export function documentedCodes(): ReadonlyMap<string, ReadonlySet<string>> {
  const codes = new Map<string, ReadonlySet<string>>();
  for (const section of readFileSync(PAGE, "utf8").split(/^### /m)) {
    const name = /^(\w+Response) \(/.exec(section)?.[1];
    if (name === undefined) continue;
    const line = section.split("\n").find((each) => each.includes("Codes: ")) ?? "";
    const named = line.slice(line.indexOf("Codes: ")).match(/[A-Z][A-Z_]+/g) ?? [];
    codes.set(name, new Set([...COMMON, ...named.filter((word) => word in ErrorCode)]));
  }
  return codes;
}
