import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replyOf, request, say } from "../../../test/support/hub-requests.ts";
import {
  type Effect,
  HubWorld,
  published,
  refusals,
  repliesTo,
  session,
  signIn,
  user,
} from "../../../test/support/hub-world.ts";
import { MEMORY_ROOM_ID_BASE, type SessionKey } from "../names.ts";
import type { MemberRole, RoomAccess } from "../store/store.ts";
import type { Command, RequestOf } from "./command.ts";
import type { HubSettings } from "./hub-options.ts";

const [ann, bob, cy, dora, root] = [
  session(1, 1),
  session(2, 1),
  session(3, 1),
  session(4, 1),
  session(5, 1),
];
const PEOPLE = [
  [ann, user(1, "Ann")],
  [bob, user(2, "Bob")],
  [cy, user(3, "Cy")],
  [dora, user(-1, "Dora")],
  [root, user(9, "Root", true)],
] as const;

function worldOfFive(settings: Partial<HubSettings> = {}): HubWorld {
  const world = new HubWorld(settings).start();
  for (const [key, identity] of PEOPLE) {
    const { id, name, nameKey, isAdmin } = identity;
    if (id > 0) world.store.addAccount(id, name, nameKey, isAdmin);
    world.do(signIn(key, identity));
  }
  return world;
}

function create(kind: "logged" | "memory", access: RoomAccess = "public", name = "red"): Command {
  const passwordHash = access === "password" ? "secret" : "";
  return request("createRoom", ann, {
    name,
    kind,
    access,
    passwordHash,
    topic: "",
    slowReader: "disconnect",
  });
}

function join(key: SessionKey, given: Partial<RequestOf<"joinRoom">> = {}): Command {
  return request("joinRoom", key, { name: "red", ...given });
}

function setRole(key: SessionKey, roomId: number, name: string, role: MemberRole): Command {
  return request("setRole", key, { roomId, name, role });
}

function ids(effects: readonly Effect[], key: SessionKey): string[] {
  return repliesTo(effects, key).map((event) => event.type);
}

for (const kind of ["logged", "memory"] as const) {
  const roomId = kind === "logged" ? 2 : MEMORY_ROOM_ID_BASE;

  describe(`a ${kind} room`, () => {
    it("belongs to who creates it", () => {
      const world = worldOfFive();
      const joined = replyOf(world.do(create(kind)), ann, "joined");
      assert.deepEqual([joined.request, joined.room.role, joined.room.kind], ["createRoom", "owner", kind]);
      assert.deepEqual(refusals(world.do(create(kind))), ["ROOM_EXISTS"]);
      assert.equal(replyOf(world.do(join(bob)), bob, "joined").room.role, "member");
    });

    it("that is private does not exist for strangers, and is there for the invited", () => {
      const world = worldOfFive();
      world.do(create(kind, "private"));
      const unknown = world.do(join(bob, { name: "nowhere" })).at(-1);
      const hidden = world.do(join(bob)).at(-1);
      assert.deepEqual(hidden, unknown);
      for (const ask of [
        say(bob, roomId, "x"),
        request("listUsers", bob, { roomId, after: "", limit: 9 }),
        request("listMembers", bob, { roomId, after: "", limit: 9 }),
        request("updateRoom", bob, { roomId, change: { topic: "x" } }),
        request("listSanctions", bob, { roomId }),
      ]) {
        assert.deepEqual(refusals(world.do(ask)), ["ROOM_NOT_FOUND"], ask.type);
      }
      assert.deepEqual(refusals(world.do(join(bob, { create: "logged" }))), ["ROOM_EXISTS"]);
      const invited = replyOf(world.do(request("invite", ann, { roomId, name: "BOB" })), bob, "invited");
      assert.deepEqual([invited.room, invited.by, invited.roomId], ["red", "Ann", roomId]);
      assert.equal(replyOf(world.do(join(bob)), bob, "joined").room.role, "member");
      assert.deepEqual(refusals(world.do(request("invite", bob, { roomId, name: "cy" }))), [
        "PERMISSION_DENIED",
      ]);
      world.do(request("leaveRoom", bob, { roomId }));
      assert.deepEqual(ids(world.do(join(bob)), bob), ["joined"], "a member comes back");
      world.do(request("leaveRoom", bob, { roomId, giveUp: true }));
      assert.deepEqual(refusals(world.do(join(bob))), ["ROOM_NOT_FOUND"], "who gave up does not");
    });

    it("with a password asks for it once, and then for the proof", () => {
      const world = worldOfFive();
      world.do(create(kind, "password"));
      assert.deepEqual(refusals(world.do(join(bob))), ["ROOM_PASSWORD_WRONG"]);
      const asked = replyOf(world.do(join(bob, { hasPassword: true })), bob, "passwordNeeded");
      assert.equal(asked.passwordHash, "secret");
      const old = replyOf(
        world.do(join(bob, { hasPassword: true, provenHash: "old" })),
        bob,
        "passwordNeeded",
      );
      assert.equal(old.passwordHash, "secret", "changed meanwhile");
      assert.deepEqual(ids(world.do(join(bob, { hasPassword: true, provenHash: "secret" })), bob), [
        "joined",
      ]);
      world.do(request("leaveRoom", bob, { roomId }));
      assert.deepEqual(ids(world.do(join(bob)), bob), ["joined"], "a member needs none");
    });

    it("bans and mutes until the time is over, and says for how long", () => {
      const world = worldOfFive();
      world.do(create(kind));
      world.do(join(bob));
      const moderate = (action: "ban" | "mute" | "unban", durationMs = 0): Effect[] =>
        world.do(request("moderate", ann, { roomId, name: "bob", action, durationMs, reason: "spam" }));
      moderate("mute", 500);
      const muted = replyOf(world.do(say(bob, roomId, "x")), bob, "refused");
      assert.deepEqual([muted.refusal.code, muted.refusal.retryAfterMs], ["MUTED", 500]);
      world.nowMs += 500;
      assert.deepEqual(refusals(world.do(say(bob, roomId, "x"))), []);
      const removed = replyOf(moderate("ban", 700), bob, "removed");
      assert.deepEqual([removed.cause, removed.detail], ["banned", "spam"]);
      const banned = replyOf(world.do(join(bob)), bob, "refused");
      assert.deepEqual([banned.refusal.code, banned.refusal.retryAfterMs], ["BANNED", 700]);
      const { sanctions } = replyOf(world.do(request("listSanctions", ann, { roomId })), ann, "sanctions");
      assert.deepEqual(
        sanctions.map(({ subject, kind: what, reason, by }) => [subject, what, reason, by]),
        [["Bob", "ban", "spam", "Ann"]],
      );
      world.nowMs += 700;
      assert.deepEqual(refusals(world.do(join(bob))), []);
      moderate("ban");
      assert.equal(replyOf(world.do(join(bob)), bob, "refused").refusal.retryAfterMs, 0, "without an end");
      moderate("unban");
      assert.deepEqual(refusals(world.do(join(bob))), []);
      assert.deepEqual(
        world.store.audit.map(({ action, actor, subject, room }) => [action, actor, subject, room])[0],
        ["room.mute", "Ann", "Bob", "red"],
      );
    });

    it("obeys each as far as the role goes", () => {
      const world = worldOfFive();
      world.do(create(kind));
      for (const key of [bob, cy]) world.do(join(key));
      const kick = (key: SessionKey, name: string): string[] =>
        refusals(world.do(request("moderate", key, { roomId, name, action: "kick" })));
      assert.deepEqual(kick(bob, "cy"), ["PERMISSION_DENIED"]);
      assert.deepEqual(refusals(world.do(setRole(bob, roomId, "bob", "owner"))), ["PERMISSION_DENIED"]);
      const told = replyOf(world.do(setRole(ann, roomId, "bob", "moderator")), bob, "roleChanged");
      assert.equal(told.room.role, "moderator");
      assert.deepEqual(kick(bob, "ann"), ["PERMISSION_DENIED"], "an owner is above");
      assert.deepEqual(kick(bob, "root"), ["PERMISSION_DENIED"], "so is an administrator");
      assert.deepEqual(kick(bob, "bob"), ["PERMISSION_DENIED"], "not oneself");
      assert.deepEqual(kick(bob, "nobody"), ["USER_NOT_FOUND"]);
      assert.deepEqual(kick(bob, "cy"), []);
      assert.deepEqual(kick(bob, "cy"), ["USER_OFFLINE"], "who is out cannot be kicked");
      const update = (key: SessionKey, change: RequestOf<"updateRoom">["change"]): string[] =>
        refusals(world.do(request("updateRoom", key, { roomId, change })));
      assert.deepEqual(update(bob, { topic: "t", slowModeMs: 9 }), []);
      assert.deepEqual(update(bob, { archived: true }), ["PERMISSION_DENIED"]);
      assert.deepEqual(refusals(world.do(request("deleteRoom", bob, { roomId }))), ["PERMISSION_DENIED"]);
      assert.deepEqual(refusals(world.do(setRole(ann, roomId, "ann", "member"))), ["PERMISSION_DENIED"]);
      assert.deepEqual(refusals(world.do(setRole(ann, roomId, "bob", "owner"))), []);
      assert.deepEqual(refusals(world.do(setRole(bob, roomId, "ann", "member"))), ["PERMISSION_DENIED"]);
      assert.deepEqual(refusals(world.do(setRole(ann, roomId, "ann", "member"))), [], "there is another");
    });

    it("is renamed for everybody, never to a name that is taken", () => {
      const world = worldOfFive();
      world.do(create(kind));
      world.do(request("joinRoom", bob, { name: "blue", create: "logged" }));
      world.do(request("leaveRoom", bob, { roomId: world.storedRoom("blue") ?? 0 }));
      const rename = (name: string): Effect[] =>
        world.do(request("updateRoom", ann, { roomId, change: { name } }));
      assert.deepEqual(refusals(rename("blue")), ["ROOM_EXISTS"], "in the store");
      assert.deepEqual(refusals(rename("lobby")), ["ROOM_EXISTS"], "open");
      assert.deepEqual(refusals(rename("@1:2")), ["NAME_INVALID"]);
      const [event] = published(rename("black"));
      assert.ok(event?.type === "roomUpdated" && event.room.name === "black" && event.room.role === "none");
      assert.deepEqual(refusals(world.do(join(bob))), ["ROOM_NOT_FOUND"]);
      assert.equal(replyOf(world.do(join(bob, { name: "black" })), bob, "joined").room.id, roomId);
    });

    it("that is deleted lets everybody go, and is found no more", () => {
      const world = worldOfFive();
      world.do(create(kind));
      world.do(join(bob));
      const effects = world.do(request("deleteRoom", ann, { roomId }));
      assert.deepEqual(published(effects), [{ type: "roomDeleted", roomId }]);
      assert.deepEqual(ids(effects, ann), ["done"]);
      assert.deepEqual(refusals(world.do(say(bob, roomId, "x"))), ["ROOM_NOT_FOUND"]);
      assert.deepEqual(refusals(world.do(join(bob))), ["ROOM_NOT_FOUND"]);
      assert.equal(world.hub.counts.rooms, 1);
    });

    it("lists members with their roles and who of them is here", () => {
      const world = worldOfFive();
      world.do(create(kind, "private"));
      world.do(setRole(ann, roomId, "cy", "moderator"));
      const page = (after: string, limit: number): unknown => {
        const ask = request("listMembers", ann, { roomId, after, limit });
        const { members, total, more } = replyOf(world.do(ask), ann, "members");
        return [members.map(({ name, role, present }) => [name, role, present]), total, more];
      };
      assert.deepEqual(page("", 1), [[["Ann", "owner", true]], 2, true]);
      assert.deepEqual(page("ann", 5), [[["Cy", "moderator", false]], 2, false]);
    });
  });
}

describe("changes of a room under way at once", () => {
  it("take turns, so that none undoes the other", () => {
    const world = worldOfFive();
    world.do(create("logged"));
    world.command(request("updateRoom", ann, { roomId: 2, change: { topic: "one" } }, 21));
    world.command(request("updateRoom", ann, { roomId: 2, change: { archived: true } }, 22));
    assert.equal(world.tasks.length, 1, "the second waits");
    const events = repliesTo(world.settle(), ann);
    const last = events.at(-1);
    assert.ok(last?.type === "updated" && last.room.archived && last.room.topic === "one");
    assert.equal(world.store.room(2)?.settings.topic, "one");
  });

  it("keep the room open, and are announced although who asked has gone", () => {
    const world = worldOfFive();
    world.do(create("logged"));
    world.command(request("updateRoom", ann, { roomId: 2, change: { topic: "late" } }));
    world.command({ type: "signOut", session: ann });
    assert.equal(world.hub.counts.rooms, 2);
    assert.equal(published(world.settle())[0]?.type, "roomUpdated");
    assert.equal(world.hub.counts.rooms, 1);
    assert.equal(world.hub.counts.waitingRequests, 0);
  });

  it("change nothing when the store fails", () => {
    const world = worldOfFive();
    world.do(create("logged"));
    world.command(request("updateRoom", ann, { roomId: 2, change: { topic: "lost", name: "black" } }));
    assert.deepEqual(refusals(world.settle("lost")), ["SERVER_ERROR"]);
    assert.equal(replyOf(world.do(join(bob)), bob, "joined").room.topic, "");
    assert.deepEqual(refusals(world.do(join(cy, { name: "black" }))), ["ROOM_NOT_FOUND"]);
  });

  it("are found out later when the store did them and said it failed", () => {
    const world = worldOfFive();
    world.do(create("logged"));
    world.command(request("updateRoom", ann, { roomId: 2, change: { name: "black" } }));
    assert.deepEqual(refusals(world.settle("kept")), ["SERVER_ERROR"]);
    assert.equal(replyOf(world.do(join(cy, { name: "black" })), cy, "joined").room.name, "black");
    assert.deepEqual(refusals(world.do(join(bob))), ["ROOM_NOT_FOUND"]);
  });
});

describe("an answer of the store that is old", () => {
  for (const [what, ask, code] of [
    ["a ban", request("moderate", root, { roomId: 2, name: "bob", action: "ban" }), "BANNED"],
    ["a new name", request("updateRoom", root, { roomId: 2, change: { name: "black" } }), "ROOM_NOT_FOUND"],
    ["its end", request("deleteRoom", root, { roomId: 2 }), "ROOM_NOT_FOUND"],
  ] as const) {
    it(`does not bring a room back as it was before ${what}`, () => {
      const world = worldOfFive();
      world.do(create("logged"));
      world.do(request("leaveRoom", ann, { roomId: 2 }));
      world.command(join(bob));
      const [found] = world.tasks;
      assert.ok(found !== undefined);
      found.reply = found.run("none");
      world.command(ask);
      for (let task = world.tasks[1]; task !== undefined; task = world.tasks[1]) world.finish(task);
      assert.equal(replyOf(world.settle(), bob, "refused").refusal.code, code);
      assert.equal(world.hub.counts.rooms, 1);
    });
  }
});

describe("a public room", () => {
  it("that is closed keeps its members, those who are away too", () => {
    const world = worldOfFive();
    world.do(create("logged"));
    for (const key of [bob, cy]) world.do(join(key));
    world.do(request("leaveRoom", bob, { roomId: 2 }));
    world.do(request("updateRoom", ann, { roomId: 2, change: { access: "private" } }));
    assert.deepEqual(ids(world.do(join(bob)), bob), ["joined"]);
    assert.deepEqual(refusals(world.do(join(dora))), ["ROOM_NOT_FOUND"]);
  });

  it("writes down who becomes a member, and no guest", () => {
    const world = worldOfFive();
    world.do(create("logged"));
    for (const key of [bob, dora]) world.do(join(key));
    assert.equal(world.store.member(2, 2)?.role, "member");
    assert.equal(world.store.member(2, -1), undefined);
    assert.equal(world.store.room(2)?.roster.length, 1, "the owner alone is more than a member");
  });

  it("does not demote who was given a role while his entry was on its way", () => {
    const world = worldOfFive();
    world.do(create("logged"));
    world.command(setRole(ann, 2, "bob", "moderator"));
    world.command(join(bob));
    world.settle();
    assert.equal(world.store.member(2, 2)?.role, "moderator");
  });
});

describe("limits of rooms", () => {
  it("hold for owners, members and rosters", () => {
    for (const kind of ["logged", "memory"] as const) {
      const world = worldOfFive({ maxRoomsOwnedPerUser: 1, maxRoomMembers: 2, maxRosterEntries: 2 });
      world.do(create(kind));
      assert.deepEqual(refusals(world.do(create(kind, "public", "blue"))), ["LIMIT_REACHED"]);
      const again = request("joinRoom", ann, { name: "blue", create: kind });
      assert.deepEqual(refusals(world.do(again)), ["LIMIT_REACHED"], "in whatever way");
      world.do(join(bob));
      assert.deepEqual(refusals(world.do(join(cy))), ["USER_FULL"]);
      const roomId = kind === "logged" ? 2 : MEMORY_ROOM_ID_BASE;
      const mute = (name: string, durationMs: number): string[] =>
        refusals(world.do(request("moderate", ann, { roomId, name, action: "mute", durationMs })));
      assert.deepEqual(mute("bob", 10), []);
      assert.deepEqual(mute("cy", 10), ["LIMIT_REACHED"]);
      world.nowMs += 10;
      assert.deepEqual(mute("cy", 10), [], "what is over makes room");
    }
  });

  it("hold for invitations and for changes that wait", () => {
    const world = worldOfFive({ maxInvitationsPerRoom: 1, maxWaitingPerRoom: 1 });
    world.do(create("logged"));
    const invite = (name: string): Command => request("invite", ann, { roomId: 2, name });
    assert.deepEqual(refusals(world.do(invite("bob"))), []);
    assert.deepEqual(refusals(world.do(invite("cy"))), ["LIMIT_REACHED"]);
    world.command(request("updateRoom", ann, { roomId: 2, change: { topic: "1" } }));
    world.command(request("updateRoom", ann, { roomId: 2, change: { topic: "2" } }));
    const third = world.command(request("updateRoom", ann, { roomId: 2, change: { topic: "3" } }));
    assert.deepEqual(refusals(third), ["BUSY"]);
  });
});

describe("guests and the lobby", () => {
  it("guests own and moderate rooms in memory alone", () => {
    const world = worldOfFive();
    const own = (kind: "logged" | "memory"): Command => ({ ...create(kind), session: dora }) as Command;
    assert.deepEqual(refusals(world.do(own("logged"))), ["PERMISSION_DENIED"]);
    assert.deepEqual(refusals(world.do(own("memory"))), []);
    world.do(create("logged", "public", "blue"));
    assert.deepEqual(refusals(world.do(setRole(ann, 2, "dora", "moderator"))), ["PERMISSION_DENIED"]);
  });

  it("only administrators moderate the lobby, and nobody closes it", () => {
    const world = worldOfFive();
    const mute = (key: SessionKey): Command =>
      request("moderate", key, { roomId: 1, name: "bob", action: "mute" });
    assert.deepEqual(refusals(world.do(mute(ann))), ["PERMISSION_DENIED"]);
    assert.deepEqual(refusals(world.do(mute(root))), []);
    assert.deepEqual(refusals(world.do(say(bob, 1, "x"))), ["MUTED"]);
    for (const ask of [
      request("moderate", root, { roomId: 1, name: "bob", action: "ban" }),
      request("moderate", root, { roomId: 1, name: "bob", action: "kick" }),
      request("deleteRoom", root, { roomId: 1 }),
      request("updateRoom", root, { roomId: 1, change: { archived: true } }),
      request("updateRoom", root, { roomId: 1, change: { name: "hall" } }),
      setRole(root, 1, "ann", "owner"),
      request("invite", root, { roomId: 1, name: "ann" }),
    ]) {
      assert.deepEqual(refusals(world.do(ask)), ["PERMISSION_DENIED"], ask.type);
    }
    assert.deepEqual(
      refusals(world.do(request("updateRoom", root, { roomId: 1, change: { topic: "hi" } }))),
      [],
    );
  });

  it("administrators reach rooms that they are not in, open or not", () => {
    const world = worldOfFive();
    world.do(create("logged", "private"));
    const topic = (): Command =>
      request("updateRoom", root, { roomId: 2, change: { topic: `${world.nowMs}` } });
    assert.equal(replyOf(world.do(topic()), root, "updated").room.name, "red");
    world.do(request("leaveRoom", ann, { roomId: 2 }));
    world.nowMs += 1;
    assert.equal(replyOf(world.do(topic()), root, "updated").room.topic, `${world.nowMs}`);
    assert.equal(world.hub.counts.rooms, 1, "and it is closed again");
    assert.deepEqual(refusals(world.do(request("deleteRoom", root, { roomId: 99 }))), ["ROOM_NOT_FOUND"]);
  });
});
