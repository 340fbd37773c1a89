import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replyOf, request } from "../../../test/support/hub-requests.ts";
import { HubWorld, session, signIn, user } from "../../../test/support/hub-world.ts";
import type { RoomId, SessionKey } from "../names.ts";
import type { HubSettings } from "./hub-options.ts";

const [ann, bob1, bob2] = [session(1, 1), session(1, 2), session(2, 2)];

function chatOfTwo(settings: Partial<HubSettings> = {}): HubWorld {
  const chat = new HubWorld(settings).start();
  chat.store.addAccount(1, "Ann", "ann");
  chat.store.addAccount(2, "Bob", "bob");
  chat.do(signIn(ann, user(1, "Ann")));
  for (const key of [bob1, bob2]) chat.do(signIn(key, user(2, "Bob")));
  return chat;
}

function typing(chat: HubWorld, key: SessionKey, roomId: RoomId): unknown[] {
  return chat
    .command({ type: "typing", session: key, roomId })
    .map(({ type, ...rest }) => ("event" in rest ? rest.event : type));
}

describe("typing", () => {
  it("is told to the room, without the session", () => {
    const chat = chatOfTwo();
    assert.deepEqual(typing(chat, ann, 1), [{ type: "typing", roomId: 1, name: "Ann", except: ann }]);
  });

  it("is told once in two seconds for each session and room", () => {
    const chat = chatOfTwo();
    const joined = chat.do(request("joinRoom", ann, { name: "red", create: "memory" }));
    const red = replyOf(joined, ann, "joined").room.id;
    const heard = (key: SessionKey, roomId: RoomId): boolean => typing(chat, key, roomId).length > 0;
    assert.deepEqual(
      [heard(ann, 1), heard(ann, 1), heard(ann, red), heard(bob1, 1)],
      [true, false, true, true],
    );
    chat.nowMs += 1_999;
    assert.equal(heard(ann, 1), false);
    chat.nowMs += 1;
    assert.equal(heard(ann, 1), true);
  });

  it("is not told where the session is not, or may not speak, or too many are", () => {
    const chat = chatOfTwo();
    assert.deepEqual(typing(chat, session(3, 3), 1), []);
    assert.deepEqual(typing(chat, ann, 99), []);
    const root = session(1, 4);
    chat.do(signIn(root, user(4, "Root", true)));
    chat.do(request("moderate", root, { roomId: 1, name: "Ann", action: "mute" }));
    assert.deepEqual(typing(chat, ann, 1), []);
    assert.equal(typing(chat, bob1, 1).length, 1);
    assert.deepEqual(typing(chatOfTwo({ noticeMaxMembers: 1 }), ann, 1), []);
  });

  it("in a conversation is told to the other's sessions", () => {
    const chat = chatOfTwo();
    const whisper = { to: "bob", text: "psst", clientMessageId: "w" };
    const { roomId } = replyOf(chat.do(request("whisper", ann, whisper)), ann, "whispered");
    const event = { type: "whisperTyping", roomId, name: "Ann" };
    assert.deepEqual(typing(chat, ann, roomId), [
      { ...event, session: bob1 },
      { ...event, session: bob2 },
    ]);
    assert.deepEqual(typing(chat, ann, roomId), []);
    const cy = session(1, 3);
    chat.do(signIn(cy, user(3, "Cy")));
    assert.deepEqual(typing(chat, cy, roomId), []);
    chat.do(request("blockUser", bob1, { name: "Ann", blocked: true }));
    chat.nowMs += 2_000;
    assert.deepEqual(typing(chat, ann, roomId), []);
    assert.equal(typing(chat, bob1, roomId).length, 1);
  });
});
