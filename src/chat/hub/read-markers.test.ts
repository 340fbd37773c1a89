import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replyOf, request } from "../../../test/support/hub-requests.ts";
import { HubWorld, repliesTo, session, signIn, user } from "../../../test/support/hub-world.ts";

const [ann, bob1, bob2] = [session(1, 1), session(1, 2), session(2, 2)];

function chatOfTwo(): HubWorld {
  const chat = new HubWorld().start();
  chat.store.addAccount(1, "Ann", "ann");
  chat.store.addAccount(2, "Bob", "bob");
  chat.do(signIn(ann, user(1, "Ann")));
  for (const key of [bob1, bob2]) chat.do(signIn(key, user(2, "Bob")));
  return chat;
}

describe("read markers", () => {
  it("are stored up to the newest entry, and told to the user's other sessions", () => {
    const chat = chatOfTwo();
    chat.do(request("publish", ann, { roomId: 1, text: "1", clientMessageId: "1" }));
    const effects = chat.do(request("markRead", bob1, { roomId: 1, offset: 99 }));
    assert.equal(replyOf(effects, bob1, "done").request, "markRead");
    assert.deepEqual(repliesTo(effects, bob2), [{ type: "read", session: bob2, roomId: 1, offset: 1 }]);
    assert.deepEqual(repliesTo(effects, ann), []);
    assert.equal(chat.store.member(1, 2)?.readOffset, 1);
  });

  it("of a conversation are for its two users", () => {
    const chat = chatOfTwo();
    const whisper = { to: "bob", text: "psst", clientMessageId: "w" };
    const { roomId } = replyOf(chat.do(request("whisper", ann, whisper)), ann, "whispered");
    const effects = chat.do(request("markRead", bob1, { roomId, offset: 1 }));
    assert.equal(replyOf(effects, bob2, "read").offset, 1);
    const cy = session(1, 3);
    chat.do(signIn(cy, user(3, "Cy")));
    const [refused] = repliesTo(chat.do(request("markRead", cy, { roomId, offset: 1 })), cy);
    assert.ok(refused?.type === "refused" && refused.refusal.code === "ROOM_NOT_FOUND");
  });

  it("of a conversation are kept of whispers that the store has and the hub was not told of", () => {
    const chat = chatOfTwo();
    const whisper = { to: "bob", text: "psst", clientMessageId: "w1" };
    const { roomId } = replyOf(chat.do(request("whisper", ann, whisper)), ann, "whispered");
    chat.command(request("whisper", ann, { ...whisper, clientMessageId: "w2" }));
    chat.settle("kept");
    const page = replyOf(chat.do(request("history", bob1, { roomId })), bob1, "history");
    assert.deepEqual(
      page.messages.map(({ offset }) => offset),
      [1, 2],
    );
    replyOf(chat.do(request("markRead", bob1, { roomId, offset: 2 })), bob1, "done");
    assert.equal(chat.store.member(roomId, 2)?.readOffset, 2);
  });

  it("are not kept of a memory room, nor for guests", () => {
    const chat = chatOfTwo();
    const joined = chat.do(request("joinRoom", bob1, { name: "red", create: "memory" }));
    const roomId = replyOf(joined, bob1, "joined").room.id;
    chat.do(request("publish", bob1, { roomId, text: "1", clientMessageId: "1" }));
    const effects = chat.command(request("markRead", bob1, { roomId, offset: 1 }));
    assert.equal(replyOf(effects, bob1, "done").request, "markRead");
    assert.equal(replyOf(effects, bob2, "read").offset, 1);
    const guest = session(1, 5);
    chat.do(signIn(guest, user(-5, "Guest")));
    const [refused] = repliesTo(chat.do(request("markRead", guest, { roomId: 1, offset: 1 })), guest);
    assert.ok(refused?.type === "refused" && refused.refusal.code === "PERMISSION_DENIED");
  });
});
