import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { request, say } from "../../../test/support/hub-requests.ts";
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
import type { HubSettings } from "./hub-options.ts";

const [a1, b1, c1] = [session(1, 1), session(2, 1), session(3, 1)];

function join(key: SessionKey, name: string, create: "none" | "logged" | "memory" = "none"): Command {
  return request("joinRoom", key, { name, create }, 8);
}

function leave(key: SessionKey, roomId: number): Command {
  return request("leaveRoom", key, { roomId }, 9);
}

function list(key: SessionKey, after: string, limit: number, roomId = 1): Command {
  return { type: "listUsers", session: key, requestId: 2, roomId, after, limit };
}

function history(key: SessionKey, roomId: number, mode: "after" | "before", offset: number): Command {
  return request("history", key, { roomId, mode, offset, limit: 3 });
}

function lobbyOfThree(settings: Partial<HubSettings> = {}): HubWorld {
  const world = new HubWorld(settings).start();
  for (const [key, id, name] of [
    [a1, 1, "Ann"],
    [b1, 2, "Bob"],
    [c1, 3, "Cy"],
  ] as const) {
    world.do(signIn(key, user(id, name)));
  }
  return world;
}

describe("joining a room", () => {
  it("that does not exist is refused unless it is to be made", () => {
    const world = lobbyOfThree();
    assert.deepEqual(refusals(world.do(join(a1, "red"))), ["ROOM_NOT_FOUND"]);
    const [joined] = repliesTo(world.do(join(a1, "red", "logged")), a1);
    assert.ok(joined?.type === "joined");
    assert.deepEqual([joined.room.kind, joined.room.name, joined.room.memberCount], ["logged", "red", 1]);
  });

  it("subscribes the gate before the answer, and tells the others after it", () => {
    const world = lobbyOfThree();
    world.do(join(a1, "red", "memory"));
    const effects = world.do(join(b1, "red"));
    assert.deepEqual(
      effects.map((effect) => effect.type),
      ["subscribe", "reply", "publish"],
    );
    const notice = { type: "userJoined", roomId: MEMORY_ROOM_ID_BASE, name: "Bob" };
    assert.deepEqual(published(effects), [notice]);
  });

  it("again is answered again and changes nothing", () => {
    const world = lobbyOfThree();
    world.do(join(a1, "red", "memory"));
    const effects = world.do(join(a1, "red"));
    assert.equal(effects.length, 1);
    assert.equal(repliesTo(effects, a1)[0]?.type, "joined");
    assert.equal(repliesTo(world.do(join(a1, "lobby")), a1)[0]?.type, "joined");
  });

  it("of another kind is refused, in memory and in the store", () => {
    const world = lobbyOfThree();
    world.do(join(a1, "red", "memory"));
    world.do(join(a1, "blue", "logged"));
    assert.deepEqual(refusals(world.do(join(b1, "red", "logged"))), ["ROOM_EXISTS"]);
    assert.deepEqual(refusals(world.do(join(b1, "blue", "memory"))), ["ROOM_EXISTS"]);
    world.do(leave(a1, 2));
    assert.deepEqual(refusals(world.do(join(b1, "blue", "memory"))), ["ROOM_EXISTS"], "unloaded");
    assert.equal(world.hub.counts.rooms, 2, "and what was looked at is not kept");
  });

  it("of a direct conversation is not possible", () => {
    const world = lobbyOfThree();
    world.do(request("whisper", a1, { to: "bob", clientMessageId: "w", text: "w" }));
    assert.deepEqual(refusals(world.do(join(a1, "@1:2"))), ["ROOM_NOT_FOUND"]);
    assert.deepEqual(refusals(world.do(join(a1, "@x", "memory"))), ["NAME_INVALID"]);
  });

  it("by many at once asks the store once, and decides in their order", () => {
    const world = lobbyOfThree();
    world.command(join(a1, "red", "none"));
    world.command(join(b1, "red", "logged"));
    world.command(join(c1, "red", "memory"));
    assert.equal(world.tasks.length, 1);
    const effects = world.settle();
    assert.deepEqual(
      [a1, b1, c1].map((key) => repliesTo(effects, key)[0]?.type),
      ["refused", "joined", "refused"],
    );
    assert.deepEqual(refusals(effects), ["ROOM_NOT_FOUND", "ROOM_EXISTS"]);
  });

  it("lets a bounded number wait", () => {
    const world = lobbyOfThree({ maxWaitingPerRoom: 2 });
    world.command(join(a1, "red", "logged"));
    world.command(join(b1, "red"));
    assert.deepEqual(refusals(world.command(join(c1, "red"))), ["BUSY"]);
  });

  it("leaves nothing behind when who waited has gone or the store fails", () => {
    const world = lobbyOfThree();
    world.command(join(a1, "red", "logged"));
    world.command({ type: "signOut", session: a1 });
    assert.deepEqual(world.settle(), []);
    world.command(join(b1, "red"));
    assert.deepEqual(refusals(world.settle("lost")), ["SERVER_ERROR"]);
    const { rooms, waitingRequests } = world.hub.counts;
    assert.deepEqual([rooms, waitingRequests], [1, 0]);
  });

  it("is bounded for a session and for the server", () => {
    const world = lobbyOfThree({ maxRoomsPerSession: 2, maxRooms: 2 });
    world.do(join(a1, "red", "memory"));
    assert.deepEqual(refusals(world.do(join(a1, "blue", "memory"))), ["TOO_MANY_ROOMS"]);
    assert.deepEqual(refusals(world.do(join(b1, "blue", "memory"))), ["USER_FULL"]);
    assert.deepEqual(refusals(world.do(join(b1, "red"))), []);
  });
});

describe("leaving a room", () => {
  it("answers, unsubscribes the gate, then tells the others", () => {
    const world = lobbyOfThree();
    world.do(join(a1, "red", "memory"));
    world.do(join(b1, "red"));
    const roomId = MEMORY_ROOM_ID_BASE;
    assert.deepEqual(world.do(leave(b1, roomId)), [
      { type: "reply", event: { type: "left", session: b1, requestId: 9, roomId } },
      { type: "unsubscribe", gateId: 2, roomId },
      { type: "publish", event: { type: "userLeft", roomId, name: "Bob" } },
    ]);
  });

  it("is not possible for the lobby, nor for a stranger", () => {
    const world = lobbyOfThree();
    world.do(join(a1, "red", "memory"));
    assert.deepEqual(refusals(world.do(leave(a1, 1))), ["PERMISSION_DENIED"]);
    assert.deepEqual(refusals(world.do(leave(b1, MEMORY_ROOM_ID_BASE))), ["NOT_A_MEMBER"]);
    assert.deepEqual(refusals(world.do(leave(b1, 77))), ["ROOM_NOT_FOUND"]);
  });
});

describe("the lobby in memory", () => {
  it("asks the store for the rules alone, and stays when empty", () => {
    const world = new HubWorld({ lobbyKind: "memory" });
    assert.deepEqual(world.command(signIn(a1, user(1, "Ann"))), []);
    assert.deepEqual(
      world.tasks.map(({ type }) => type),
      ["readServerRules"],
    );
    const [signedIn] = repliesTo(world.settle(), a1);
    assert.ok(signedIn?.type === "signedIn" && signedIn.lobby.kind === "memory");
    world.do({ type: "signOut", session: a1 });
    assert.equal(world.hub.counts.rooms, 1);
  });
});

describe("listing users", () => {
  it("pages distinct users in the order of their keys, while they come and go", () => {
    const world = lobbyOfThree();
    const page = (after: string, limit: number): unknown[] =>
      repliesTo(world.do(list(a1, after, limit)), a1).map((event) =>
        event.type === "users" ? [event.names, event.total, event.more] : event,
      );
    assert.deepEqual(page("", 2), [[["Ann", "Bob"], 3, true]]);
    assert.deepEqual(page("bob", 2), [[["Cy"], 3, false]]);
    world.do(signIn(session(1, 9), user(1, "Ann")));
    world.do(signIn(session(1, 10), user(5, "bea")));
    assert.deepEqual(page("", 9), [[["Ann", "bea", "Bob", "Cy"], 4, false]]);
    world.do({ type: "signOut", session: b1 });
    assert.deepEqual(page("bea", 1), [[["Cy"], 3, false]]);
    assert.deepEqual(page("aaa", 0), [[["Ann"], 3, true]], "at least one");
    assert.deepEqual(page("zz", 5), [[[], 3, false]]);
  });
});

describe("history", () => {
  for (const kind of ["logged", "memory"] as const) {
    it(`of a ${kind} room goes both ways and says whether there is more`, () => {
      const world = lobbyOfThree();
      world.do(join(a1, "red", kind));
      const roomId = kind === "memory" ? MEMORY_ROOM_ID_BASE : 2;
      for (const text of ["1", "2", "3", "4", "5"]) {
        world.do(say(a1, roomId, text));
      }
      const offsets = (mode: "after" | "before", offset: number): unknown =>
        repliesTo(world.do(history(a1, roomId, mode, offset)), a1).map((event) =>
          event.type === "history" ? [event.messages.map((message) => message.offset), event.more] : event,
        )[0];
      assert.deepEqual(offsets("after", 0), [[1, 2, 3], true]);
      assert.deepEqual(offsets("after", 2), [[3, 4, 5], false]);
      assert.deepEqual(offsets("after", 5), [[], false]);
      assert.deepEqual(offsets("before", 0), [[3, 4, 5], true]);
      assert.deepEqual(offsets("before", 3), [[1, 2], false]);
      assert.deepEqual(offsets("before", 4), [[1, 2, 3], false]);
      assert.deepEqual(offsets("before", 99), [[3, 4, 5], true]);
    });
  }

  it("is for members", () => {
    const world = lobbyOfThree();
    world.do(join(a1, "red", "logged"));
    assert.deepEqual(refusals(world.do(history(b1, 2, "after", 0))), ["NOT_A_MEMBER"]);
  });

  it("does not run ahead of what was published", () => {
    const world = lobbyOfThree();
    world.command(say(a1, 1, "x"));
    const append = world.tasks.find(({ type }) => type === "append");
    assert.ok(append !== undefined);
    append.reply = append.run("none");
    world.command(history(b1, 1, "after", 0));
    const [answer] = repliesTo(world.effects, b1).slice(-1);
    assert.ok(answer?.type === "history" && answer.messages.length === 0);
    assert.equal(published(world.settle()).length, 1, "it comes live instead");
  });
});
