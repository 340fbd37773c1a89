import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  HubWorld,
  published,
  refusals,
  repliesTo,
  session,
  signIn,
  user,
} from "../../../test/support/hub-world.ts";
import { MEMORY_ROOM_ID_BASE, type SessionKey } from "../names.ts";
import type { Command } from "./command.ts";
import type { RoomEvent } from "./event.ts";
import type { HubSettings } from "./hub-options.ts";

const [a1, b1] = [session(1, 1), session(2, 1)];

function publish(key: SessionKey, text: string, clientMessageId = text, roomId = 1, requestId = 7): Command {
  return { type: "publish", session: key, requestId, roomId, clientMessageId, text, replyTo: 0 };
}

function join(key: SessionKey, name: string, create: "none" | "logged" | "memory" = "none"): Command {
  const password = { hasPassword: false, provenHash: "" };
  return { type: "joinRoom", session: key, requestId: 8, name, create, ...password };
}

function leave(key: SessionKey, roomId: number): Command {
  return { type: "leaveRoom", session: key, requestId: 9, roomId, giveUp: false };
}

function lobbyOfTwo(settings: Partial<HubSettings> = {}): HubWorld {
  const world = new HubWorld(settings).start();
  world.do(signIn(a1, user(1, "Ann")));
  world.do(signIn(b1, user(2, "Bob")));
  return world;
}

/** Offset, text and publisher of each message among events. */
function messages(events: readonly RoomEvent[]): (readonly [number, string, SessionKey])[] {
  return events.flatMap((event) =>
    event.type === "message" ? [[event.offset, event.text, event.publisher] as const] : [],
  );
}

describe("publishing to a logged room", () => {
  it("publishes when the store has the message, with its publisher's answer in it", () => {
    const world = lobbyOfTwo();
    assert.deepEqual(world.command(publish(a1, "hello")), []);
    const message = { type: "message", roomId: 1, offset: 1, timeMs: 1_000, sender: "Ann", text: "hello" };
    const entry = { kind: "text", target: 0, replyTo: 0 };
    assert.deepEqual(world.settle(), [
      { type: "publish", event: { ...message, ...entry, publisher: a1, requestId: 7 } },
    ]);
  });

  it("the broadcast holds nothing across sends", () => {
    const world = lobbyOfTwo();
    const alone = world.do(publish(a1, "to two")).length;
    for (let serial = 10; serial < 510; serial++) {
      world.do(signIn(session(serial % 3, serial), user(serial, `u${serial}`)));
    }
    const among = world.do(publish(a1, "to five hundred"));
    assert.equal(among.length, alone, "one event however many members: whom it reaches is the gates' work");
    assert.equal(world.hub.counts.pendingStoreRequests, 0);
  });

  it("gives a repeat its first offset and delivers nothing", () => {
    const world = lobbyOfTwo();
    world.do(publish(a1, "once", "id"));
    world.nowMs = 2_000;
    const effects = world.do(publish(a1, "once", "id"));
    const place = { offset: 1, timeMs: 1_000 };
    assert.deepEqual(effects, [
      {
        type: "reply",
        event: { type: "published", session: a1, requestId: 7, request: "publish", ...place },
      },
    ]);
  });

  it("answers a repeat that is sent while the first is with the store", () => {
    const world = lobbyOfTwo();
    world.command(publish(a1, "once", "id", 1, 7));
    world.command(publish(a1, "once", "id", 1, 8));
    const effects = world.settle();
    assert.equal(published(effects).length, 1);
    assert.equal(repliesTo(effects, a1).length, 1);
  });

  it("acknowledges directly when the publisher has left the room meanwhile", () => {
    const world = lobbyOfTwo();
    world.do(join(a1, "red", "logged"));
    world.do(join(b1, "red"));
    world.command(publish(a1, "bye", "bye", 2));
    world.command(leave(a1, 2));
    const effects = world.settle();
    assert.deepEqual(messages(published(effects)), [[1, "bye", 0]]);
    assert.equal(repliesTo(effects, a1)[0]?.type, "published");
  });

  it("keeps a room whose last member left until its messages are settled", () => {
    const world = lobbyOfTwo();
    world.do(join(a1, "red", "logged"));
    world.command(publish(a1, "bye", "bye", 2));
    world.command(leave(a1, 2));
    assert.equal(world.hub.counts.rooms, 2);
    world.settle();
    assert.equal(world.hub.counts.rooms, 1);
  });

  it("is refused to strangers without telling them which rooms are stored", () => {
    const world = lobbyOfTwo();
    world.do(join(b1, "red", "logged"));
    assert.deepEqual(refusals(world.do(publish(a1, "x", "x", 2))), ["NOT_A_MEMBER"]);
    world.do(leave(b1, 2));
    assert.deepEqual(refusals(world.do(publish(a1, "x", "x", 2))), ["ROOM_NOT_FOUND"]);
    const whisper = { to: "ann", clientMessageId: "w", text: "w", replyTo: 0 };
    world.do({ type: "whisper", session: b1, requestId: 1, ...whisper });
    assert.deepEqual(refusals(world.do(publish(a1, "x", "x", 3))), ["ROOM_NOT_FOUND"], "a conversation's id");
  });

  it("is refused with BUSY above the pending limits", () => {
    const world = lobbyOfTwo({ maxPendingPerSession: 2, maxPending: 3 });
    world.command(publish(a1, "1"));
    world.command(publish(a1, "2"));
    assert.deepEqual(refusals(world.command(publish(a1, "3"))), ["BUSY"]);
    world.command(publish(b1, "4"));
    assert.deepEqual(refusals(world.command(publish(b1, "5"))), ["BUSY"]);
    world.settle();
    assert.deepEqual(refusals(world.do(publish(a1, "3"))), []);
  });

  it("is refused when the store fails, and safe to try again", () => {
    const world = lobbyOfTwo();
    world.command(publish(a1, "hello"));
    assert.deepEqual(refusals(world.settle("busy")), ["BUSY"]);
    world.command(publish(a1, "hello"));
    assert.deepEqual(refusals(world.settle("lost")), ["SERVER_ERROR"]);
    assert.deepEqual(messages(published(world.do(publish(a1, "hello")))), [[1, "hello", a1]]);
  });
});

describe("a store that kept what it could not confirm", () => {
  it("is caught up with before the next message, so nobody sees a gap", () => {
    const world = lobbyOfTwo();
    world.command(publish(a1, "kept"));
    assert.deepEqual(refusals(world.settle("kept")), ["SERVER_ERROR"]);
    assert.deepEqual(messages(published(world.do(publish(b1, "next")))), [
      [1, "kept", 0],
      [2, "next", b1],
    ]);
    const again = world.do(publish(a1, "kept"));
    assert.deepEqual(published(again), []);
    assert.equal(repliesTo(again, a1)[0]?.type, "published");
  });

  it("has the message delivered when its sender repeats it, as it was first sent", () => {
    const world = lobbyOfTwo();
    world.command(publish(a1, "first words", "id"));
    world.settle("kept");
    assert.deepEqual(messages(published(world.do(publish(a1, "other words", "id")))), [
      [1, "first words", a1],
    ]);
  });

  it("holds later messages back until it is caught up with, in order", () => {
    const world = lobbyOfTwo();
    world.command(publish(a1, "kept"));
    world.settle("kept");
    for (const text of ["2", "3", "4"]) world.command(publish(b1, text));
    for (const task of world.tasks.slice(0, 3)) world.finish(task);
    assert.equal(world.hub.counts.pendingStoreRequests, 1, "the missing message is being read");
    assert.deepEqual(
      messages(published(world.settle())).map(([offset]) => offset),
      [1, 2, 3, 4],
    );
  });

  it("leaves to history what cannot be read", () => {
    const world = lobbyOfTwo();
    world.command(publish(a1, "kept"));
    world.settle("kept");
    world.command(publish(b1, "next"));
    const [append] = world.tasks;
    assert.ok(append !== undefined);
    world.finish(append);
    assert.deepEqual(messages(published(world.settle("lost"))), [[2, "next", b1]]);
  });
});

const redId = MEMORY_ROOM_ID_BASE;

/** The same two in a memory room. */
function memoryRoom(settings: Partial<HubSettings> = {}): HubWorld {
  const world = lobbyOfTwo(settings);
  world.do(join(a1, "red", "memory"));
  world.do(join(b1, "red"));
  return world;
}

describe("publishing to a memory room", () => {
  it("publishes at once", () => {
    const world = memoryRoom();
    assert.deepEqual(messages(published(world.command(publish(a1, "hi", "hi", redId)))), [[1, "hi", a1]]);
    assert.deepEqual(messages(published(world.command(publish(b1, "ho", "ho", redId)))), [[2, "ho", b1]]);
  });

  it("recognises a repeat of the same sender for as long as the tail has it", () => {
    const world = memoryRoom({ memoryTailMessages: 2 });
    world.do(publish(a1, "hi", "id", redId));
    const repeat = repliesTo(world.do(publish(a1, "hi", "id", redId)), a1);
    const place = { offset: 1, timeMs: 1_000 };
    assert.deepEqual(repeat, [
      { type: "published", session: a1, requestId: 7, request: "publish", ...place },
    ]);
    assert.equal(published(world.do(publish(b1, "hi", "id", redId))).length, 1, "another's is another");
    world.do(publish(b1, "2", "2", redId));
    assert.deepEqual(messages(published(world.do(publish(a1, "hi", "id", redId)))), [[4, "hi", a1]]);
  });

  it("ends with its last member; made again, it is another room", () => {
    const world = memoryRoom();
    world.do(publish(a1, "hi", "hi", redId));
    for (const key of [a1, b1]) world.do(leave(key, redId));
    assert.equal(world.hub.counts.rooms, 1);
    const [joined] = repliesTo(world.do(join(a1, "red", "memory")), a1);
    assert.ok(joined?.type === "joined");
    const { id, epoch, lastOffset } = joined.room;
    assert.deepEqual([id, epoch, lastOffset], [redId + 1, `boot-${redId + 1}`, 0]);
  });
});
