import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readChatInput } from "./chat-input.ts";

describe("a typed line", () => {
  const cases: readonly (readonly [line: string, meaning: unknown])[] = [
    ["", { kind: "nothing" }],
    ["   ", { kind: "nothing" }],
    ["hello there ", { kind: "say", text: "hello there" }],
    ["  indented", { kind: "say", text: "  indented" }],
    ["//help is a command", { kind: "say", text: "/help is a command" }],
  ];
  for (const [line, meaning] of cases) {
    it(`"${line}"`, () => assert.deepEqual(readChatInput(line), meaning));
  }

  it("is a command with the rest of all its lines", () => {
    const input = readChatInput("/w jun  are you\n there? ");
    assert.ok(input.kind === "command");
    assert.deepEqual([input.command.name, input.rest], ["w", "jun  are you\n there?"]);
  });

  it("names the nearest command, and is not said", () => {
    const input = readChatInput("/wo");
    assert.ok(
      input.kind === "mistake" && /did you mean \/w(ho)?\?/.test(input.problem),
      JSON.stringify(input),
    );
    const other = readChatInput("/etc/passwd");
    assert.ok(other.kind === "mistake" && other.problem.includes("/help"));
  });
});
