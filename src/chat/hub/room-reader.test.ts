import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replyOf, request, say } from "../../../test/support/hub-requests.ts";
import { type Effect, HubWorld, refusals, session, signIn, user } from "../../../test/support/hub-world.ts";
import type { RoomId } from "../names.ts";
import type { Requests } from "./command.ts";

const [ann, bob] = [session(1, 1), session(2, 2)];

/** A room of Ann and Bob in which Ann said "1" … `count`, one each second. */
function chatIn(kind: "logged" | "memory", count: number): { chat: HubWorld; red: RoomId } {
  const chat = new HubWorld().start();
  for (const [key, id, name] of [
    [ann, 1, "Ann"],
    [bob, 2, "Bob"],
  ] as const) {
    chat.store.addAccount(id, name, name.toLowerCase());
    chat.do(signIn(key, user(id, name)));
  }
  const joined = chat.do(request("joinRoom", ann, { name: "red", create: kind }));
  const red = replyOf(joined, ann, "joined").room.id;
  chat.do(request("joinRoom", bob, { name: "red" }));
  for (let each = 1; each <= count; each++) {
    chat.do(say(ann, red, `${each}`));
    chat.nowMs += 1_000;
  }
  return { chat, red };
}

/** Offsets of the page, and whether there are more. */
function pageOf(effects: readonly Effect[]): [number[], boolean] {
  const { messages, more } = replyOf(effects, bob, "history");
  return [messages.map(({ offset }) => offset), more];
}

type Asked = Partial<Requests["history"]>;

for (const kind of ["logged", "memory"] as const) {
  describe(`history of a ${kind} room`, () => {
    for (const kept of ["in the hub", "in the store"] as const) {
      if (kind === "memory" && kept === "in the store") continue;
      it(`pages in every direction, from what is ${kept}`, () => {
        const { chat, red } = chatIn(kind, 20);
        const page = (asked: Asked): [number[], boolean] => {
          if (kept === "in the store") forgetRecent(chat);
          return pageOf(chat.do(request("history", bob, { roomId: red, limit: 3, ...asked })));
        };
        assert.deepEqual(page({ offset: 4 }), [[5, 6, 7], true]);
        assert.deepEqual(page({ offset: 17 }), [[18, 19, 20], false]);
        assert.deepEqual(page({ offset: 20 }), [[], false]);
        assert.deepEqual(page({ offset: 99 }), [[], false]);
        assert.deepEqual(page({ mode: "before", offset: 0 }), [[18, 19, 20], true]);
        assert.deepEqual(page({ mode: "before", offset: 4 }), [[1, 2, 3], false]);
        assert.deepEqual(page({ mode: "before", offset: 5 }), [[2, 3, 4], true]);
        assert.deepEqual(page({ mode: "before", offset: 1 }), [[], false]);
        assert.deepEqual(page({ mode: "around", offset: 10 }), [[9, 10, 11], true]);
        assert.deepEqual(page({ mode: "around", offset: 20 }), [[19, 20], false]);
        assert.deepEqual(page({ mode: "around", offset: 1 }), [[1, 2], true]);
        assert.deepEqual(page({ mode: "time", timeMs: 5_500 }), [[6, 7, 8], true]);
        assert.deepEqual(page({ mode: "time", timeMs: 19_000 }), [[19, 20], false]);
        assert.deepEqual(page({ mode: "time", timeMs: 99_000 }), [[], false]);
        assert.deepEqual(page({ limit: 0 }), [[1], true]);
        assert.equal(page({ limit: 1_000 })[0].length, 20);
      });
    }

    it("of an empty room is empty", () => {
      const { chat, red } = chatIn(kind, 0);
      for (const mode of ["after", "before", "around", "time"] as const) {
        assert.deepEqual(pageOf(chat.do(request("history", bob, { roomId: red, mode }))), [[], false]);
      }
    });

    it("is for those who are in the room, and says who asked to be brought up to date", () => {
      const { chat, red } = chatIn(kind, 1);
      const asked = { roomId: red, replay: true } as const;
      const { mode, replay, roomId } = replyOf(chat.do(request("history", bob, asked)), bob, "history");
      assert.deepEqual([mode, replay, roomId], ["after", true, red]);
      chat.do(request("leaveRoom", bob, { roomId: red }));
      assert.deepEqual(refusals(chat.do(request("history", bob, asked))), ["NOT_A_MEMBER"]);
    });
  });
}

let goneCount = 0;

/** Makes the hub forget the entries it remembers, as the end of an account does. */
function forgetRecent(chat: HubWorld): void {
  const id = 1_000 + ++goneCount;
  const key = session(3, id);
  chat.store.addAccount(id, `Gone${id}`, `gone${id}`);
  chat.do(signIn(key, user(id, `Gone${id}`)));
  replyOf(chat.do(request("deleteAccount", key, {})), key, "done");
}

describe("history of a logged room", () => {
  it("asks the store for nothing that the hub remembers", () => {
    const { chat, red } = chatIn("logged", 200);
    const ask = (offset: number): number => {
      chat.command(request("history", bob, { roomId: red, offset, replay: true }));
      const count = chat.tasks.length;
      chat.settle();
      return count;
    };
    assert.equal(ask(100), 0);
    assert.equal(ask(200), 0);
    assert.equal(ask(50), 1);
    forgetRecent(chat);
    assert.equal(ask(120), 1);
    assert.equal(ask(120), 0, "what was read is remembered");
  });

  it("shows nothing that was not published yet, and says that there is more as soon as there is", () => {
    const { chat, red } = chatIn("logged", 2);
    forgetRecent(chat);
    chat.command(request("history", bob, { roomId: red, replay: true }));
    chat.command(say(ann, red, "3"));
    const [history, append] = chat.tasks;
    assert.ok(history !== undefined && append !== undefined);
    append.reply = append.run("none");
    const first = chat.effects.length;
    chat.finish(history);
    assert.deepEqual(pageOf(chat.effects.slice(first)), [[1, 2], false], "3 will come live");
    chat.settle();

    forgetRecent(chat);
    chat.command(request("history", bob, { roomId: red, replay: true }));
    const [late] = chat.tasks;
    assert.ok(late !== undefined);
    late.reply = late.run("none");
    chat.command(say(ann, red, "4"));
    const [, next] = chat.tasks;
    assert.ok(next !== undefined);
    chat.finish(next);
    const from = chat.effects.length;
    chat.finish(late);
    assert.deepEqual(pageOf(chat.effects.slice(from)), [[1, 2, 3], true], "4 was published meanwhile");
  });

  it("shows no more than the page, where retention was ahead of the hub", () => {
    const { chat, red } = chatIn("logged", 10);
    forgetRecent(chat);
    chat.command(request("history", bob, { roomId: red, limit: 20 }));
    const found = chat.store.ask("historyAfter", { roomId: red, after: 6, limit: 20, userId: 2 });
    const answer = (): unknown => {
      const [task] = chat.tasks;
      assert.ok(task?.type === "historyAfter");
      task.reply = { type: "answered", ticket: task.ticket, result: found };
      const first = chat.effects.length;
      chat.finish(task);
      return pageOf(chat.effects.slice(first));
    };
    assert.deepEqual(answer(), [[7, 8, 9, 10], false]);
    forgetRecent(chat);
    chat.command(request("history", bob, { roomId: red, mode: "around", offset: 7, limit: 3 }));
    assert.deepEqual(answer(), [[7, 8], true], "not what lies behind it");
  });

  it("is refused when the store fails", () => {
    const { chat, red } = chatIn("logged", 1);
    for (const mode of ["after", "before", "around", "time"] as const) {
      forgetRecent(chat);
      chat.command(request("history", bob, { roomId: red, mode }));
      assert.deepEqual(refusals(chat.settle("busy")), ["BUSY"]);
    }
    assert.equal(chat.hub.counts.waitingRequests, 0);
  });
});

describe("history of a conversation", () => {
  it("is for its two users", () => {
    const { chat } = chatIn("logged", 0);
    const cy = session(1, 3);
    chat.do(signIn(cy, user(3, "Cy")));
    for (const text of ["1", "2", "3", "4", "5"]) {
      chat.do(request("whisper", ann, { to: "bob", text, clientMessageId: text }));
      chat.nowMs += 1_000;
    }
    const roomId = chat.storedRoom("@1:2") ?? 0;
    const page = (asked: Asked): [number[], boolean] =>
      pageOf(chat.do(request("history", bob, { roomId, limit: 2, ...asked })));
    assert.deepEqual(page({}), [[1, 2], true]);
    assert.deepEqual(page({ offset: 3 }), [[4, 5], false]);
    assert.deepEqual(page({ mode: "before", offset: 0 }), [[4, 5], true]);
    assert.deepEqual(page({ mode: "around", offset: 3, limit: 3 }), [[2, 3, 4], true]);
    assert.deepEqual(page({ mode: "time", timeMs: 3_000 }), [[3, 4], true]);
    assert.deepEqual(refusals(chat.do(request("history", cy, { roomId }))), ["ROOM_NOT_FOUND"]);
    const unknown = chat.command(request("history", cy, { roomId: 999 }));
    assert.deepEqual([...refusals(unknown), ...refusals(chat.settle())], ["ROOM_NOT_FOUND"]);
  });

  it("around a message has as much before and after it as a room's", () => {
    const { chat } = chatIn("logged", 0);
    let id = 0;
    for (let each = 1; each <= 9; each++) {
      const text = `${each}`;
      const effects = chat.do(request("whisper", ann, { to: "bob", text, clientMessageId: text }));
      id = replyOf(effects, ann, "whispered").roomId;
    }
    const page = (offset: number): [number[], boolean] =>
      pageOf(chat.do(request("history", bob, { roomId: id, mode: "around", offset, limit: 5 })));
    assert.deepEqual(page(5), [[3, 4, 5, 6, 7], true]);
    assert.deepEqual(page(1), [[1, 2, 3], true]);
    assert.deepEqual(page(8), [[6, 7, 8, 9], false]);
    assert.deepEqual(page(99), [[7, 8, 9], false]);
  });
});

describe("searching", () => {
  it("finds messages where the user may read, the newest first", () => {
    const { chat, red } = chatIn("logged", 0);
    for (const text of ["apple 1", "pear", "apple 2", "apple 3"]) chat.do(say(ann, red, text));
    chat.do(request("whisper", ann, { to: "bob", text: "apple 4", clientMessageId: "w" }));
    const { hits, more } = replyOf(
      chat.do(request("search", bob, { query: "apple", roomId: red, limit: 2 })),
      bob,
      "hits",
    );
    assert.deepEqual(
      hits.map(({ roomId, room, message }) => [roomId, room, message.offset, message.sender]),
      [
        [red, "red", 4, "Ann"],
        [red, "red", 3, "Ann"],
      ],
    );
    assert.equal(more, true);
    assert.ok(!("senderId" in (hits[0]?.message ?? {})));
    const all = replyOf(chat.do(request("search", bob, { query: "apple" })), bob, "hits");
    assert.deepEqual([all.hits.length, all.more], [4, false]);
  });

  it("is refused in a room that the user may not read, as if there were none", () => {
    const { chat, red } = chatIn("logged", 1);
    const cy = session(1, 3);
    chat.do(signIn(cy, user(3, "Cy")));
    assert.deepEqual(refusals(chat.do(request("search", cy, { query: "1", roomId: red }))), ["NOT_A_MEMBER"]);
    assert.deepEqual(refusals(chat.do(request("search", cy, { query: "1", roomId: 999 }))), [
      "ROOM_NOT_FOUND",
    ]);
  });

  it("finds nothing in a memory room, and shows nothing that was not published yet", () => {
    const memory = chatIn("memory", 1);
    const none = memory.chat.do(request("search", bob, { query: "1", roomId: memory.red }));
    assert.deepEqual(replyOf(none, bob, "hits").hits, []);
    const { chat, red } = chatIn("logged", 0);
    chat.command(say(ann, red, "kept"));
    chat.settle("kept");
    assert.deepEqual(replyOf(chat.do(request("search", bob, { query: "kept" })), bob, "hits").hits, []);
  });
});
