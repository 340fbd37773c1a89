import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replyOf, request, say } from "../../../test/support/hub-requests.ts";
import {
  HubWorld,
  published,
  refusals,
  repliesTo,
  session,
  signIn,
  user,
} from "../../../test/support/hub-world.ts";
import type { RoomId, SessionKey } from "../names.ts";
import type { RoomChange } from "./command.ts";

const [ann, bob, guest, root] = [session(1, 1), session(1, 2), session(1, 3), session(1, 4)];

interface Chat extends HubWorld {
  red: RoomId;
}

/** Ann's room "red" with Bob, a guest and an administrator in it. */
function chatIn(kind: "logged" | "memory"): Chat {
  const world = new HubWorld().start();
  world.do(signIn(ann, user(1, "Ann")));
  world.do(signIn(bob, user(2, "Bob")));
  world.do(signIn(guest, user(-3, "Guest")));
  world.do(signIn(root, user(4, "Root", true)));
  for (const [id, name] of [
    [1, "Ann"],
    [2, "Bob"],
    [4, "Root"],
  ] as const) {
    world.store.addAccount(id, name, name.toLowerCase(), id === 4);
  }
  const settings = { access: "public", passwordHash: "", topic: "", slowReader: "disconnect" } as const;
  const made = world.do(request("createRoom", ann, { name: "red", kind, ...settings }));
  const red = replyOf(made, ann, "joined").room.id;
  for (const key of [bob, guest, root]) world.do(request("joinRoom", key, { name: "red" }));
  return Object.assign(world, { red });
}

function change(chat: Chat, what: RoomChange): void {
  replyOf(chat.do(request("updateRoom", ann, { roomId: chat.red, change: what })), ann, "updated");
}

function refusal(chat: Chat, key: SessionKey, text: string): readonly [string, number] | "published" {
  const effects = chat.do(say(key, chat.red, text));
  const [answer] = repliesTo(effects, key);
  if (answer?.type === "refused") return [answer.refusal.code, answer.refusal.retryAfterMs];
  assert.equal(published(effects).filter((event) => event.type === "message").length, 1);
  return "published";
}

for (const kind of ["logged", "memory"] as const) {
  describe(`speaking in a ${kind} room`, () => {
    it("is for nobody when the room is archived, and history stays", () => {
      const chat = chatIn(kind);
      chat.do(say(ann, chat.red, "1"));
      change(chat, { archived: true });
      for (const key of [ann, bob, root]) assert.deepEqual(refusal(chat, key, "x"), ["ROOM_ARCHIVED", 0]);
      const target = { roomId: chat.red, target: 1, clientMessageId: "c" };
      assert.deepEqual(refusals(chat.do(request("editMessage", ann, { ...target, text: "y" }))), [
        "ROOM_ARCHIVED",
      ]);
      assert.deepEqual(refusals(chat.do(request("react", bob, target))), ["ROOM_ARCHIVED"]);
      const page = replyOf(chat.do(request("history", bob, { roomId: chat.red })), bob, "history");
      assert.equal(page.messages.length, 1);
      assert.deepEqual(
        refusals(chat.do(request("deleteMessage", ann, target))),
        [],
        "taking back is not speaking",
      );
      change(chat, { archived: false });
      assert.equal(refusal(chat, bob, "x"), "published");
    });

    it("is not for the muted, until their time is over", () => {
      const chat = chatIn(kind);
      const mute = { roomId: chat.red, name: "Bob", action: "mute" } as const;
      chat.do(request("moderate", ann, { ...mute, durationMs: 5_000 }));
      chat.nowMs += 2_000;
      assert.deepEqual(refusal(chat, bob, "x"), ["MUTED", 3_000]);
      assert.equal(refusal(chat, guest, "others may"), "published");
      assert.deepEqual(refusals(chat.do(say(bob, 1, "elsewhere"))), []);
      chat.nowMs += 3_000;
      assert.equal(refusal(chat, bob, "x"), "published");
      chat.do(request("moderate", ann, mute));
      assert.deepEqual(refusal(chat, bob, "y"), ["MUTED", 0], "nobody knows for how long");
      chat.do(request("moderate", ann, { ...mute, action: "unmute" }));
      assert.equal(refusal(chat, bob, "y"), "published");
    });

    it("is not for those whom the server has muted", () => {
      const chat = chatIn(kind);
      const mute = { name: "Bob", action: "mute", durationMs: 5_000, reason: "", passwordHash: "" } as const;
      chat.do(request("adminUser", root, mute));
      assert.deepEqual(refusal(chat, bob, "x"), ["MUTED", 5_000]);
      const whisper = { to: "ann", clientMessageId: "w", text: "w" };
      assert.deepEqual(refusals(chat.do(request("whisper", bob, whisper))), ["MUTED"]);
      chat.nowMs += 5_000;
      assert.equal(refusal(chat, bob, "x"), "published");
    });

    it("is for accounts only in the highest lockdown", () => {
      const chat = chatIn(kind);
      chat.do(request("adminLockdown", root, { level: 3 }));
      assert.deepEqual(refusal(chat, guest, "x"), ["LOCKDOWN", 0]);
      const whisper = { to: "ann", clientMessageId: "w", text: "w" };
      assert.deepEqual(refusals(chat.do(request("whisper", guest, whisper))), ["LOCKDOWN"]);
      assert.equal(refusal(chat, bob, "x"), "published");
      chat.do(request("adminLockdown", root, { level: 2 }));
      assert.equal(refusal(chat, guest, "x"), "published");
    });

    it("is slowed down for ordinary members, each for himself", () => {
      const chat = chatIn(kind);
      change(chat, { slowModeMs: 10_000 });
      assert.equal(refusal(chat, bob, "1"), "published");
      chat.nowMs += 4_000;
      assert.deepEqual(refusal(chat, bob, "2"), ["SLOW_MODE", 6_000]);
      assert.equal(refusal(chat, guest, "1"), "published");
      for (const key of [ann, root]) for (const text of ["1", "2"]) refusal(chat, key, text);
      assert.deepEqual(refusals(chat.do(say(ann, chat.red, "3"))), [], "owners may always");
      chat.nowMs += 6_000;
      assert.equal(refusal(chat, bob, "2"), "published");
      assert.deepEqual(refusal(chat, bob, "3"), ["SLOW_MODE", 10_000]);
      change(chat, { slowModeMs: 0 });
      assert.equal(refusal(chat, bob, "3"), "published");
    });

    it("counts a message once in slow mode, however often it is sent", () => {
      const chat = chatIn(kind);
      chat.do(say(bob, chat.red, "old"));
      change(chat, { slowModeMs: 10_000 });
      replyOf(chat.do(say(bob, chat.red, "old")), bob, "published");
      assert.equal(refusal(chat, bob, "1"), "published", "a repeat is not counted");
      replyOf(chat.do(say(bob, chat.red, "1")), bob, "published");
      assert.deepEqual(refusal(chat, bob, "2"), ["SLOW_MODE", 10_000], "nor does it undo what is");
    });
  });
}

describe("slow mode", () => {
  it("does not count what the store did not take", () => {
    const chat = chatIn("logged");
    change(chat, { slowModeMs: 10_000 });
    chat.command(say(bob, chat.red, "1"));
    assert.deepEqual(refusals(chat.settle("busy")), ["BUSY"]);
    assert.equal(refusal(chat, bob, "2"), "published");
  });

  it("holds back a second message while the first is with the store", () => {
    const chat = chatIn("logged");
    change(chat, { slowModeMs: 10_000 });
    chat.command(say(bob, chat.red, "1"));
    assert.deepEqual(refusals(chat.command(say(bob, chat.red, "2"))), ["SLOW_MODE"]);
    assert.deepEqual(refusals(chat.settle()), []);
  });
});
