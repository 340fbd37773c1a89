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
    ["/w jun  are you  there?", { kind: "whisper", to: "jun", text: "are you  there?" }],
    ["/w jun", { kind: "mistake", problem: "it is: /w name text" }],
    ["/w", { kind: "mistake", problem: "it is: /w name text" }],
    ["/join games", { kind: "join", room: "games" }],
    ["/join two words", { kind: "mistake", problem: "it is: /join room" }],
    ["/who", { kind: "who" }],
    ["/who jun", { kind: "mistake", problem: "it is: /who" }],
    ["/leave", { kind: "leave" }],
    ["/rooms", { kind: "rooms" }],
    ["/help", { kind: "help" }],
    ["/quit ", { kind: "quit" }],
  ];
  for (const [line, meaning] of cases) {
    it(`"${line}"`, () => assert.deepEqual(readChatInput(line), meaning));
  }

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
