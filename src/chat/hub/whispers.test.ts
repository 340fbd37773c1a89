import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replyOf, request } from "../../../test/support/hub-requests.ts";
import { HubWorld, refusals, repliesTo, session, signIn, user } from "../../../test/support/hub-world.ts";
import type { SessionKey } from "../names.ts";
import type { Command } from "./command.ts";
import type { HubSettings } from "./hub-options.ts";

const [a1, a2, b1, b2, c1] = [session(1, 1), session(2, 1), session(1, 2), session(2, 2), session(1, 3)];

function whisper(key: SessionKey, to: string, text: string, clientMessageId = text): Command {
  return { type: "whisper", session: key, requestId: 4, to, clientMessageId, text, replyTo: 0 };
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
  for (const [id, name] of [
    [1, "Ann"],
    [2, "Bob"],
    [3, "Cy"],
    [4, "Di"],
  ] as const) {
    made.store.addAccount(id, name, name.toLowerCase());
  }
  return made;
}

describe("whispering", () => {
  it("reaches the addressee's sessions and the sender's others, after it is in their log", () => {
    const chat = world();
    assert.deepEqual(chat.command(whisper(a1, "BOB", "psst")), []);
    const effects = chat.settle();
    const roomId = chat.storedRoom("@1:2");
    const entry = { offset: 1, timeMs: 1_000, text: "psst", kind: "text", target: 0, replyTo: 0 };
    const notice = { type: "whisper", roomId, from: "Ann", to: "Bob", ...entry };
    for (const key of [b1, b2, a2]) assert.deepEqual(repliesTo(effects, key), [{ ...notice, session: key }]);
    assert.deepEqual(repliesTo(effects, a1), [
      { type: "whispered", session: a1, requestId: 4, roomId, offset: 1, timeMs: 1_000 },
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
    const chat = world({ offlineWhispers: "reject" });
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

describe("whispering to somebody who is away", () => {
  it("is stored, and found in the conversation later", () => {
    const chat = world();
    const effects = chat.do(whisper(a1, "di", "later"));
    const { roomId, offset } = replyOf(effects, a1, "whispered");
    assert.equal(offset, 1);
    const { from, to } = replyOf(effects, a2, "whisper");
    assert.deepEqual([from, to], ["Ann", "Di"]);
    const di = session(1, 4);
    chat.do(signIn(di, user(4, "Di")));
    const page = replyOf(chat.do(request("history", di, { roomId })), di, "history");
    assert.deepEqual(
      page.messages.map(({ text, sender }) => [text, sender]),
      [["later", "Ann"]],
    );
  });

  it("tells who is unknown", () => {
    assert.deepEqual(refusals(world().do(whisper(a1, "nobody", "x"))), ["USER_NOT_FOUND"]);
  });

  it("keeps one sender's whispers in order when the addressee comes back meanwhile", () => {
    const chat = world();
    chat.command(whisper(a1, "di", "1"));
    chat.command(signIn(session(1, 4), user(4, "Di")));
    chat.command(whisper(a1, "DI", "2"));
    chat.settle();
    assert.deepEqual(
      chat.stored(chat.storedRoom("@1:4") ?? 0).map(({ text }) => text),
      ["1", "2"],
    );
  });

  it("asks for one name once, and refuses all who wait when the store fails", () => {
    const chat = world({ maxWaitingPerRoom: 2 });
    for (const key of [a1, b1]) chat.command(whisper(key, "di", "x"));
    assert.deepEqual(refusals(chat.command(whisper(c1, "di", "x"))), ["BUSY"]);
    assert.equal(chat.tasks.length, 1);
    assert.deepEqual(refusals(chat.settle("busy")), ["BUSY", "BUSY"]);
    assert.equal(chat.hub.counts.waitingRequests, 0);
  });

  it("names a guest for the store, which has no account to find it by", () => {
    const chat = world();
    const guest = session(1, 9);
    chat.do(signIn(guest, user(-9, "Visitor")));
    chat.do(whisper(guest, "ann", "hi"));
    const room = chat.storedRoom("@-9:1") ?? 0;
    assert.deepEqual(
      [-9, 1].map((id) => chat.store.member(room, id)?.userName),
      ["Visitor", ""],
    );
  });
});

describe("whispers that are not wanted", () => {
  it("are refused, from the moment of the block on", () => {
    const chat = world();
    chat.do(whisper(a1, "bob", "1"));
    chat.do(request("blockUser", b1, { name: "Ann", blocked: true }));
    const refused = chat.do(whisper(a1, "bob", "2"));
    assert.deepEqual(refusals(refused), ["BLOCKED"]);
    assert.deepEqual(repliesTo(refused, b1), []);
    assert.equal(replyOf(chat.do(whisper(b1, "ann", "I may")), b1, "whispered").offset, 2);
    chat.do(request("blockUser", b1, { name: "Ann", blocked: false }));
    assert.equal(replyOf(chat.do(whisper(a1, "bob", "3")), a1, "whispered").offset, 3);
  });

  it("are refused where the block is older than what the hub remembers", () => {
    const chat = world();
    chat.do(request("blockUser", b1, { name: "Ann", blocked: true }));
    assert.deepEqual(refusals(chat.do(whisper(a1, "bob", "1"))), ["BLOCKED"]);
    assert.equal(chat.hub.counts.waitingRequests, 0);
  });

  it("are refused where the block came while the conversation was opened", () => {
    const chat = world();
    chat.command(whisper(a1, "bob", "1"));
    const [open] = chat.tasks;
    assert.equal(open?.type, "openRoom");
    open.reply = open.run("none");
    chat.command(request("blockUser", b1, { name: "Ann", blocked: true }));
    for (const task of chat.tasks.filter(({ type }) => type !== "openRoom")) chat.finish(task);
    assert.deepEqual(refusals(chat.settle()), ["BLOCKED"]);
    chat.command(whisper(b1, "cy", "1"));
    chat.command(request("blockUser", b1, { name: "Cy", blocked: true }));
    const [late, block] = chat.tasks;
    assert.ok(late?.type === "openRoom" && block?.type === "setBlock");
    late.reply = late.run("none");
    chat.finish(block);
    chat.settle();
    assert.deepEqual(refusals(chat.do(whisper(c1, "bob", "2"))), ["BLOCKED"], "whoever opened it");
  });

  it("are not edited nor reacted to, but may be deleted", () => {
    const chat = world();
    const { roomId } = replyOf(chat.do(whisper(a1, "bob", "1")), a1, "whispered");
    chat.do(request("blockUser", b1, { name: "Ann", blocked: true }));
    const target = { roomId, target: 1, clientMessageId: "c" };
    assert.deepEqual(refusals(chat.do(request("editMessage", a1, { ...target, text: "x" }))), ["BLOCKED"]);
    assert.deepEqual(refusals(chat.do(request("react", a1, target))), ["BLOCKED"]);
    assert.equal(replyOf(chat.do(request("deleteMessage", a1, target)), a1, "published").offset, 2);
  });
});

describe("changing a whisper", () => {
  it("reaches both users' other sessions, and is answered with its place", () => {
    const chat = world();
    const { roomId } = replyOf(chat.do(whisper(a1, "bob", "psst")), a1, "whispered");
    const target = { roomId, target: 1, clientMessageId: "e" };
    const effects = chat.do(request("editMessage", a1, { ...target, text: "PSST" }));
    const { request: name, offset } = replyOf(effects, a1, "published");
    assert.deepEqual([name, offset], ["editMessage", 2]);
    const entry = { offset: 2, timeMs: 1_000, text: "PSST", kind: "edit", target: 1, replyTo: 0 };
    for (const key of [a2, b1, b2]) {
      const notice = { type: "whisper", session: key, roomId, from: "Ann", to: "Bob", ...entry };
      assert.deepEqual(repliesTo(effects, key), [notice]);
    }
    const reacted = chat.do(request("react", b1, { ...target, clientMessageId: "r" }));
    const { from, to, kind } = replyOf(reacted, a1, "whisper");
    assert.deepEqual([from, to, kind], ["Bob", "Ann", "reaction"]);
    assert.deepEqual(repliesTo(chat.do(request("react", b1, { ...target, clientMessageId: "r" })), a1), []);
  });

  it("is refused to others, as if there were no such room, and where there is no such whisper", () => {
    const chat = world();
    const { roomId } = replyOf(chat.do(whisper(a1, "bob", "psst")), a1, "whispered");
    const target = { roomId, target: 1, clientMessageId: "e" };
    assert.deepEqual(chat.command(request("react", c1, target)), [], "an unknown id is looked for, too");
    assert.deepEqual(refusals(chat.settle()), ["ROOM_NOT_FOUND"]);
    assert.deepEqual(refusals(chat.do(request("editMessage", b1, { ...target, text: "x" }))), [
      "PERMISSION_DENIED",
    ]);
    assert.deepEqual(refusals(chat.do(request("react", b1, { ...target, target: 9 }))), [
      "MESSAGE_NOT_FOUND",
    ]);
    assert.equal(chat.hub.counts.waitingRequests, 0);
  });

  it("finds a conversation that the hub has forgotten, and keeps its order", () => {
    const chat = world({ maxDirectConversations: 1 });
    const { roomId } = replyOf(chat.do(whisper(a1, "di", "to Di")), a1, "whispered");
    chat.do(whisper(a1, "bob", "to Bob"));
    const first = chat.effects.length;
    for (const text of ["1", "2"]) {
      const edit = { roomId, target: 1, clientMessageId: text, text };
      chat.command(request("editMessage", a1, edit));
    }
    chat.settle();
    const notices = repliesTo(chat.effects.slice(first), a2);
    assert.deepEqual(
      notices.map((event) => event.type === "whisper" && [event.to, event.text]),
      [
        ["Di", "1"],
        ["Di", "2"],
      ],
    );
  });

  it("keeps its order also when the conversation is found in another way meanwhile", () => {
    const chat = world({ maxDirectConversations: 1 });
    const { roomId } = replyOf(chat.do(whisper(a1, "bob", "to Bob")), a1, "whispered");
    chat.do(whisper(a1, "cy", "to Cy"));
    const edit = (text: string): void => {
      chat.command(request("editMessage", a1, { roomId, target: 1, clientMessageId: text, text }));
    };
    edit("1");
    chat.command(whisper(a1, "bob", "opens it"));
    const open = chat.tasks.find(({ type }) => type === "openRoom");
    assert.ok(open !== undefined);
    chat.finish(open);
    edit("2");
    chat.settle();
    const edits = chat.stored(roomId).filter(({ kind }) => kind === "edit");
    assert.deepEqual(
      edits.map(({ text }) => text),
      ["1", "2"],
    );
  });

  it("lets nobody else in who asks at the same time", () => {
    const chat = world({ maxDirectConversations: 1 });
    const { roomId } = replyOf(chat.do(whisper(a1, "bob", "to Bob")), a1, "whispered");
    chat.do(whisper(a1, "cy", "to Cy"));
    chat.command(request("history", a1, { roomId }));
    chat.command(request("history", c1, { roomId }));
    const effects = chat.settle();
    assert.equal(replyOf(effects, a1, "history").messages.length, 1);
    assert.equal(replyOf(effects, c1, "refused").refusal.code, "ROOM_NOT_FOUND");
  });
});
