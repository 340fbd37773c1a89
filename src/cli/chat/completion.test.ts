import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { complete } from "./completion.ts";
import { Conversation } from "./conversation.ts";
import { Conversations } from "./conversations.ts";

function known(): Conversations {
  const lobby = new Conversation(1, "lobby", false);
  for (const name of ["jun", "June", "sora", "수아"]) lobby.meet(name);
  const conversations = new Conversations(lobby);
  conversations.room(5, "games");
  conversations.direct("minho", 9);
  return conversations;
}

describe("completion", () => {
  const cases: readonly (readonly [typed: string, completed: string, candidateCount: number])[] = [
    ["/jo", "/join ", 1],
    ["/re", "/re", 4],
    ["/w so", "/w sora ", 1],
    ["/w JU", "/w Jun", 2],
    ["/w mi", "/w minho ", 1],
    ["/join g", "/join games ", 1],
    ["/go @m", "/go @minho ", 1],
    ["/role sora mod", "/role sora moderator ", 1],
    ["/rooms o", "/rooms open ", 1],
    ["/help jo", "/help join ", 1],
    ["수", "수아: ", 1],
    ["thanks so", "thanks sora ", 1],
    ["hello @ju", "hello @Jun", 2],
    ["", "", 0],
    ["/nothing so", "/nothing so", 0],
    ["/w sora so", "/w sora so", 0],
  ];
  for (const [typed, completed, candidateCount] of cases) {
    it(`"${typed}" becomes "${completed}"`, () => {
      const { text, cursor, candidates } = complete(typed, typed.length, known());
      assert.deepEqual([text, cursor, candidates.length], [completed, completed.length, candidateCount]);
    });
  }

  it("leaves what is behind the cursor", () => {
    assert.deepEqual(complete("/w so hello", 5, known()), {
      text: "/w sora  hello",
      cursor: 8,
      candidates: ["sora"],
    });
  });
});
