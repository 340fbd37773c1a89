import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HubWorld, refusals, repliesTo, session, signIn, user } from "../../../test/support/hub-world.ts";
import type { SessionKey } from "../names.ts";
import type { Command } from "./command.ts";
import type { HubSettings } from "./hub-options.ts";

const [a1, a2, b1, b2, c1] = [session(1, 1), session(2, 1), session(1, 2), session(2, 2), session(1, 3)];

function whisper(key: SessionKey, to: string, text: string, clientMessageId = text): Command {
  return { type: "whisper", session: key, requestId: 4, to, clientMessageId, text };
}

/** Ann and Bob with two sessions each, Cy with one; Di has an account and is away. */
function world(settings: Partial<HubSettings> = {}): HubWorld {
  const made = new HubWorld(settings).start();
  for (const [key, id, name] of [
    [a1, 1, "Ann"],
    [a2, 1, "Ann"],
    [b1, 2, "Bob"],
    [b2, 2, "Bob"],
    [c1, 3, "Cy"],
  ] as const) {
    made.do(signIn(key, user(id, name)));
  }
  made.accounts.set("di", user(4, "Di"));
  return made;
}

describe("whispering", () => {
  it("reaches the addressee's sessions and the sender's others, after it is in their log", () => {
    const chat = world();
    assert.deepEqual(chat.command(whisper(a1, "BOB", "psst")), []);
    const effects = chat.settle();
    const notice = { type: "whisper", from: "Ann", to: "Bob", offset: 1, timeMs: 1_000, text: "psst" };
    for (const key of [b1, b2, a2]) assert.deepEqual(repliesTo(effects, key), [{ ...notice, session: key }]);
    assert.deepEqual(repliesTo(effects, a1), [
      { type: "whispered", session: a1, requestId: 4, offset: 1, timeMs: 1_000 },
    ]);
    assert.deepEqual(repliesTo(effects, c1), []);
    assert.equal(chat.stored(chat.storedRoom("@1:2") ?? 0).length, 1);
  });

  it("uses one log for both directions, and opens it once", () => {
    const chat = world();
    chat.command(whisper(a1, "bob", "1"));
    chat.command(whisper(b1, "ann", "2"));
    assert.equal(chat.tasks.length, 1);
    chat.settle();
    chat.command(whisper(a1, "bob", "3"));
    assert.deepEqual(
      chat.tasks.map((task) => task.type),
      ["append"],
    );
    chat.settle();
    assert.deepEqual(
      chat.stored(chat.storedRoom("@1:2") ?? 0).map((message) => message.text),
      ["1", "2", "3"],
    );
  });

  it("tells unknown users from those who are away", () => {
    const chat = world();
    assert.deepEqual(refusals(chat.do(whisper(a1, "nobody", "x"))), ["USER_NOT_FOUND"]);
    assert.deepEqual(refusals(chat.do(whisper(a1, "Di", "x"))), ["USER_OFFLINE"]);
  });

  it("to oneself reaches one's other sessions, once", () => {
    const effects = world().do(whisper(a1, "ann", "note"));
    assert.equal(repliesTo(effects, a2).length, 1);
    assert.equal(repliesTo(effects, a1)[0]?.type, "whispered");
    assert.equal(repliesTo(effects, b1).length, 0);
  });

  it("gives a repeat its first offset and delivers nothing", () => {
    const chat = world();
    chat.do(whisper(a1, "bob", "once", "id"));
    const effects = chat.do(whisper(a1, "bob", "once", "id"));
    assert.deepEqual(repliesTo(effects, b1), []);
    const [answer] = repliesTo(effects, a1);
    assert.ok(answer?.type === "whispered" && answer.offset === 1);
  });

  it("delivers a repeat whose first try was stored without a word", () => {
    const chat = world();
    chat.do(whisper(a1, "bob", "before"));
    chat.command(whisper(a1, "bob", "kept"));
    assert.deepEqual(refusals(chat.settle("kept")), ["SERVER_ERROR"]);
    assert.equal(repliesTo(chat.do(whisper(a1, "bob", "kept")), b1).length, 1);
    assert.equal(repliesTo(chat.do(whisper(a1, "bob", "kept")), b1).length, 0);
  });

  it("does not deliver again what was delivered before a repeat failed", () => {
    const chat = world();
    chat.do(whisper(a1, "bob", "once"));
    chat.command(whisper(a1, "bob", "once"));
    chat.settle("lost");
    assert.equal(repliesTo(chat.do(whisper(a1, "bob", "once")), b1).length, 0);
  });

  it("is acknowledged and kept when the addressee has gone meanwhile", () => {
    const chat = world();
    chat.command(whisper(c1, "bob", "psst"));
    for (const key of [b1, b2]) chat.command({ type: "signOut", session: key });
    const effects = chat.settle();
    assert.equal(repliesTo(effects, c1)[0]?.type, "whispered");
    assert.deepEqual(repliesTo(effects, b1), []);
  });

  it("is delivered when the sender has gone meanwhile", () => {
    const chat = world();
    chat.command(whisper(c1, "bob", "psst"));
    chat.command({ type: "signOut", session: c1 });
    const effects = chat.settle();
    assert.equal(repliesTo(effects, b1).length, 1);
    assert.deepEqual(repliesTo(effects, c1), []);
  });

  it("is refused when the conversation cannot be opened, and asks again next time", () => {
    const chat = world();
    chat.command(whisper(a1, "bob", "1"));
    assert.deepEqual(refusals(chat.settle("lost")), ["SERVER_ERROR"]);
    assert.equal(repliesTo(chat.do(whisper(a1, "bob", "1")), b1).length, 1);
  });

  it("remembers a bounded number of conversations, and none that is in use is forgotten", () => {
    const chat = world({ maxDirectConversations: 1, maxWaitingPerRoom: 2 });
    chat.command(whisper(a1, "bob", "1"));
    assert.deepEqual(refusals(chat.command(whisper(a1, "cy", "2"))), ["BUSY"]);
    chat.command(whisper(a1, "bob", "3"));
    assert.deepEqual(refusals(chat.command(whisper(a1, "bob", "4"))), ["BUSY"]);
    chat.settle();
    assert.equal(repliesTo(chat.do(whisper(a1, "cy", "2")), c1).length, 1);
    assert.equal(chat.hub.counts.directConversations, 1);
    assert.equal(chat.hub.counts.waitingRequests, 0);
  });
});
