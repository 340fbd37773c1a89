import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replyOf, request, say } from "../../../test/support/hub-requests.ts";
import {
  type Effect,
  HubWorld,
  refusals,
  repliesTo,
  session,
  signIn,
  user,
} from "../../../test/support/hub-world.ts";
import { CONSOLE_GATE_ID, MEMORY_ROOM_ID_BASE, type SessionKey } from "../names.ts";
import type { Command, RequestOf } from "./command.ts";
import type { HubSettings } from "./hub-options.ts";

const [ann, ann2, bob, dora, root] = [
  session(1, 1),
  session(1, 2),
  session(2, 1),
  session(3, 1),
  session(4, 1),
];
const CONSOLE = session(CONSOLE_GATE_ID, 1);
const ANN = user(1, "Ann");
const BOB = user(2, "Bob");

/** Ann twice (tokens 11 and 12), Bob, the guest Dora, and Root, an administrator. */
function world(settings: Partial<HubSettings> = {}): HubWorld {
  const made = new HubWorld(settings).start();
  for (const { id, name, nameKey, isAdmin } of [ANN, BOB, user(9, "Root", true)]) {
    made.store.addAccount(id, name, nameKey, isAdmin);
  }
  for (const tokenId of [11, 12, 13]) made.store.addToken(1, tokenId);
  made.do(signIn(ann, ANN, 1, 11));
  made.do(signIn(ann2, ANN, 1, 12));
  made.do(signIn(bob, BOB));
  made.do(signIn(dora, user(-1, "Dora")));
  made.do(signIn(root, user(9, "Root", true)));
  return made;
}

function act(
  key: SessionKey,
  name: string,
  action: RequestOf<"adminUser">["action"],
  given: Partial<RequestOf<"adminUser">> = {},
): Command {
  const usual = { durationMs: 0, reason: "", passwordHash: "" };
  return request("adminUser", key, { name, action, ...usual, ...given });
}

function address(cidr: string, lift = false): Command {
  return request("adminAddress", root, { cidr, lift, durationMs: 0, reason: "flood" });
}

/** The codes that sessions ended with. */
function ends(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => {
    return effect.type === "reply" && effect.event.type === "ended" ? [effect.event.code] : [];
  });
}

describe("an account's own affairs", () => {
  it("a new password ends the other sessions, whose tokens are no use any more", () => {
    const w = world();
    const effects = w.do(request("changePassword", ann, { passwordHash: "new" }));
    assert.equal(replyOf(effects, ann2, "ended").code, "TOKEN_REVOKED");
    assert.deepEqual(
      repliesTo(effects, ann).map(({ type }) => type),
      ["done"],
    );
    assert.deepEqual(
      w.store.tokens.map(({ id }) => id),
      [11],
    );
    assert.equal(w.store.accounts.get(1)?.passwordHash, "new");
    assert.deepEqual(refusals(w.do(signIn(session(9, 9), ANN, 1, 12))), ["TOKEN_INVALID"]);
  });

  it("a token that is revoked ends its sessions, the own one too when it is named", () => {
    const w = world();
    const { tokens, currentId } = replyOf(w.do(request("listTokens", ann, {})), ann, "tokens");
    assert.deepEqual([tokens.map(({ id }) => id), currentId], [[11, 12, 13], 11]);
    const others = w.do(request("revokeToken", ann, { tokenId: 0 }));
    assert.equal(replyOf(others, ann, "revoked").count, 2);
    assert.deepEqual(ends(others), ["TOKEN_REVOKED"]);
    const own = w.do(request("revokeToken", ann, { tokenId: 11 }));
    assert.deepEqual(
      repliesTo(own, ann).map(({ type }) => type),
      ["revoked", "ended"],
    );
    assert.deepEqual(refusals(w.do(request("revokeToken", bob, { tokenId: 13 }))), ["TOKEN_INVALID"]);
  });

  it("a display name is set, the last one counts", () => {
    const w = world();
    w.command(request("setDisplayName", ann, { displayName: "first" }));
    w.command(request("setDisplayName", ann2, { displayName: "second" }));
    w.settle();
    assert.equal(w.store.accounts.get(1)?.displayName, "second");
  });

  it("an account that is deleted takes its sessions along and hands its rooms over", () => {
    const w = world();
    for (const [name, kind] of [
      ["red", "logged"],
      ["blue", "memory"],
    ] as const) {
      w.do(request("joinRoom", ann, { name, create: kind }));
      w.do(request("joinRoom", bob, { name }));
    }
    const effects = w.do(request("deleteAccount", ann, {}));
    assert.deepEqual(ends(effects), ["ACCOUNT_DELETED", "ACCOUNT_DELETED"]);
    assert.equal(repliesTo(effects, ann)[0]?.type, "done");
    const roles = repliesTo(effects, bob).flatMap((event) =>
      event.type === "roleChanged" ? [`${event.room.name} ${event.room.role}`] : [],
    );
    assert.deepEqual(roles.sort(), ["blue owner", "red owner"]);
    assert.deepEqual(refusals(w.do(signIn(session(9, 9), ANN))), ["AUTH_FAILED"], "a gate looked too early");
  });

  it("blocks are limited, and of others only", () => {
    const w = world({ maxBlocksPerUser: 1 });
    const block = (name: string, blocked = true): string[] =>
      refusals(w.do(request("blockUser", ann, { name, blocked })));
    assert.deepEqual(block("ann"), ["PERMISSION_DENIED"]);
    assert.deepEqual(block("nobody"), ["USER_NOT_FOUND"]);
    assert.deepEqual(block("bob"), []);
    assert.deepEqual(block("root"), ["LIMIT_REACHED"]);
    assert.deepEqual(replyOf(w.do(request("listBlocks", ann, {})), ann, "blocks").names, ["Bob"]);
    const whisper = request("whisper", bob, { to: "ann", clientMessageId: "w", text: "w" });
    assert.deepEqual(refusals(w.do(whisper)), ["BLOCKED"]);
    assert.deepEqual(block("bob", false), []);
    assert.deepEqual(refusals(w.do(whisper)), []);
  });

  it("guests have none", () => {
    const w = world();
    for (const ask of [
      request("changePassword", dora, { passwordHash: "x" }),
      request("setDisplayName", dora, { displayName: "x" }),
      request("deleteAccount", dora, {}),
      request("listTokens", dora, {}),
      request("revokeToken", dora, { tokenId: 0 }),
      request("blockUser", dora, { name: "bob", blocked: true }),
      request("listBlocks", dora, {}),
    ]) {
      assert.deepEqual(refusals(w.do(ask)), ["PERMISSION_DENIED"], ask.type);
    }
  });
});

describe("administration", () => {
  it("is for administrators", () => {
    const w = world();
    for (const ask of [
      act(ann, "bob", "kick"),
      request("adminAddress", ann, { cidr: "192.0.2.0/24", lift: false, durationMs: 0, reason: "" }),
      request("adminLockdown", ann, { level: 3 }),
      request("adminInvitation", ann, { invitationCode: "c", hash: "h", uses: 1, durationMs: 0 }),
      request("listAudit", ann, { before: 0, limit: 5 }),
      request("listSanctions", ann, { roomId: 0 }),
    ]) {
      assert.deepEqual(refusals(w.do(ask)), ["PERMISSION_DENIED"], ask.type);
    }
    assert.deepEqual(w.store.audit, []);
  });

  it("a ban ends the sessions and is seen by a sign-in that was on its way", () => {
    const w = world();
    const effects = w.do(act(root, "ann", "ban", { durationMs: 500, reason: "spam" }));
    assert.deepEqual(ends(effects), ["BANNED", "BANNED"]);
    const { refusal } = replyOf(w.do(signIn(ann, ANN)), ann, "refused");
    assert.deepEqual(refusal, { code: "BANNED", detail: "spam", retryAfterMs: 500 });
    w.nowMs += 500;
    assert.equal(repliesTo(w.do(signIn(ann, ANN)), ann)[0]?.type, "signedIn");
  });

  it("a mute counts everywhere, also for a sign-in that was on its way", () => {
    const w = world();
    w.do({ type: "signOut", session: bob });
    w.do(act(root, "bob", "mute"));
    w.do(signIn(bob, BOB));
    assert.deepEqual(refusals(w.do(say(bob, 1, "x"))), ["MUTED"]);
    w.do(act(root, "bob", "unmute"));
    assert.deepEqual(refusals(w.do(say(bob, 1, "x"))), []);
  });

  it("somebody promoted may do it too, and who is demoted no more", () => {
    const w = world();
    const told = replyOf(w.do(act(root, "bob", "promote")), bob, "roleChanged");
    assert.deepEqual([told.room.name, told.room.role], ["lobby", "owner"]);
    assert.deepEqual(refusals(w.do(act(bob, "dora", "kick"))), []);
    w.do(act(root, "bob", "demote"));
    assert.deepEqual(refusals(w.do(act(bob, "ann", "kick"))), ["PERMISSION_DENIED"]);
    assert.deepEqual(refusals(w.do(act(root, "root", "demote"))), ["PERMISSION_DENIED"], "not oneself");
    w.do({ type: "signOut", session: bob });
    w.do(act(root, "bob", "promote"));
    w.do(act(root, "bob", "demote"));
    w.do(signIn(bob, { ...BOB, isAdmin: true }));
    assert.deepEqual(
      refusals(w.do(act(bob, "ann", "kick"))),
      ["PERMISSION_DENIED"],
      "a gate looked too early",
    );
  });

  it("passwords are set, accounts deleted, guests have neither", () => {
    const w = world();
    const set = w.do(act(root, "ann", "setPassword", { passwordHash: "new" }));
    assert.deepEqual(ends(set), ["TOKEN_REVOKED", "TOKEN_REVOKED"]);
    assert.deepEqual(w.store.tokens, []);
    assert.deepEqual(ends(w.do(act(root, "bob", "delete"))), ["ACCOUNT_DELETED"]);
    for (const action of ["promote", "delete", "setPassword"] as const) {
      assert.deepEqual(refusals(w.do(act(root, "dora", action))), ["PERMISSION_DENIED"], action);
    }
    assert.deepEqual(ends(w.do(act(root, "dora", "kick", { reason: "bye" }))), ["KICKED"]);
    assert.deepEqual(refusals(w.do(act(root, "dora", "kick"))), ["USER_NOT_FOUND"]);
    assert.deepEqual(
      w.store.audit.map(({ action, subject }) => `${action} ${subject}`),
      ["user.setPassword Ann", "user.delete Bob", "user.kick Dora"],
    );
  });

  it("an address range is banned: its sessions end, gates are told, nobody comes from it", () => {
    const w = world({ maxAddressBans: 1 });
    const far = { ...signIn(session(8, 1), user(5, "Eve")), address: "2001:db8::7" } as Command;
    w.do(far);
    const effects = w.do(address("2001:DB8::/32"));
    assert.deepEqual(ends(effects), ["BANNED"]);
    const told = effects.find((effect) => effect.type === "broadcast");
    assert.ok(told?.type === "broadcast");
    assert.deepEqual(
      told.event.addressBans.map(({ cidr }) => cidr),
      ["2001:db8::/32"],
    );
    assert.deepEqual(refusals(w.do(far)), ["BANNED"]);
    assert.deepEqual(refusals(w.do(address("192.0.2.0/24"))), ["LIMIT_REACHED"]);
    assert.deepEqual(refusals(w.do(address("127.0.0.0/8"))), ["PERMISSION_DENIED"], "one's own");
    assert.deepEqual(refusals(w.do(address("nowhere"))), ["INVALID_PACKET"]);
    w.do(address("2001:db8::/32", true));
    assert.deepEqual(refusals(w.do(far)), []);
  });

  it("a lockdown keeps guests out, then silent", () => {
    const w = world();
    const lockdown = (level: 0 | 1 | 2 | 3): Effect[] => w.do(request("adminLockdown", root, { level }));
    const guest = signIn(session(8, 1), user(-2, "Guest"));
    assert.ok(lockdown(2).some((effect) => effect.type === "broadcast" && effect.event.lockdown === 2));
    assert.deepEqual(refusals(w.do(guest)), ["LOCKDOWN"]);
    assert.deepEqual(refusals(w.do(say(dora, 1, "x"))), []);
    lockdown(3);
    assert.deepEqual(refusals(w.do(say(dora, 1, "y"))), ["LOCKDOWN"]);
    assert.deepEqual(refusals(w.do(say(bob, 1, "y"))), []);
    lockdown(1);
    assert.deepEqual(refusals(w.do(guest)), []);
  });

  it("rules are told to a gate that starts, and remembered by the store", () => {
    const w = new HubWorld();
    w.store.lockdown = 2;
    w.store.addressBans.set("192.0.2.0/24", { cidr: "192.0.2.0/24", untilMs: 2_000, reason: "r" });
    w.hub.start({ monotonicMs: 0, wallMs: 0 }, w);
    assert.deepEqual(w.command({ type: "gateReset", gateId: 1 }), [], "not known yet");
    const [told] = w.settle().filter((effect) => effect.type === "broadcast");
    assert.ok(told?.type === "broadcast" && told.event.lockdown === 2);
    assert.deepEqual(told.event.addressBans.length, 1);
    w.nowMs = 2_000;
    const [again] = w.command({ type: "gateReset", gateId: 1 });
    assert.ok(again?.type === "broadcast" && again.event.addressBans.length === 0, "the ban is over");
  });

  it("invitations expire, a week later when nothing is said", () => {
    const w = world();
    const ask = (durationMs: number): Command =>
      request("adminInvitation", root, { invitationCode: "code", hash: "h", uses: 2, durationMs });
    const { invitationCode, expiresMs } = replyOf(w.do(ask(0)), root, "invitation");
    assert.deepEqual([invitationCode, expiresMs], ["code", w.nowMs + 7 * 86_400_000]);
    assert.equal(replyOf(w.do(ask(5)), root, "invitation").expiresMs, w.nowMs + 5);
  });

  it("the audit log is paged, the newest first", () => {
    const w = world({ maxAuditPage: 2 });
    for (const level of [1, 2, 0] as const) w.do(request("adminLockdown", root, { level }));
    const page = (before: number): unknown => {
      const answer = replyOf(w.do(request("listAudit", root, { before, limit: 9 })), root, "audit");
      return [answer.entries.map(({ id }) => id), answer.more];
    };
    assert.deepEqual(page(0), [[3, 2], true]);
    assert.deepEqual(page(2), [[1], false]);
  });
});

describe("the console", () => {
  it("is an administrator without signing in, who is in no room and counted nowhere", () => {
    const w = world();
    const before = w.hub.counts;
    assert.deepEqual(refusals(w.do(act(CONSOLE, "bob", "mute"))), []);
    assert.equal(w.store.audit[0]?.actor, "(console)");
    const topic = request("updateRoom", CONSOLE, { roomId: 1, change: { topic: "hello" } });
    assert.equal(replyOf(w.do(topic), CONSOLE, "updated").room.topic, "hello");
    for (const ask of [
      say(CONSOLE, 1, "x"),
      request("joinRoom", CONSOLE, { name: "lobby" }),
      request("deleteAccount", CONSOLE, {}),
    ]) {
      assert.deepEqual(refusals(w.do(ask)), ["PERMISSION_DENIED"], ask.type);
    }
    assert.deepEqual(refusals(w.do(signIn(CONSOLE, ANN))), ["ALREADY_LOGGED_IN"]);
    assert.deepEqual(w.hub.counts, before);
  });

  it("waits like everybody until the server has started", () => {
    const w = new HubWorld();
    assert.deepEqual(refusals(w.do(act(CONSOLE, "bob", "mute"))), ["BUSY"]);
  });
});

describe("lists of rooms", () => {
  const list = (w: HubWorld, key: SessionKey, given: Partial<RequestOf<"listRooms">>): unknown => {
    const usual = { scope: "open", after: "", limit: 9, prefix: "" } as const;
    const { rooms, more } = replyOf(w.do(request("listRooms", key, { ...usual, ...given })), key, "rooms");
    return [rooms.map(({ name, memberCount, role }) => `${name} ${memberCount} ${role}`), more];
  };

  function withRooms(): HubWorld {
    const w = world();
    w.do(request("joinRoom", ann, { name: "logged", create: "logged" }));
    w.do(request("joinRoom", bob, { name: "logged" }));
    w.do(request("joinRoom", ann, { name: "memory", create: "memory" }));
    const made = { access: "private", passwordHash: "", topic: "", slowReader: "disconnect" } as const;
    w.do(request("createRoom", ann, { name: "hidden", kind: "logged", ...made }));
    w.do(request("createRoom", ann, { name: "hush", kind: "memory", ...made }));
    return w;
  }

  it("show the open ones, stored and in memory, by name and in pages", () => {
    const w = withRooms();
    assert.deepEqual(list(w, bob, {}), [["lobby 4 member", "logged 2 member", "memory 1 none"], false]);
    assert.deepEqual(list(w, bob, { limit: 2 }), [["lobby 4 member", "logged 2 member"], true]);
    assert.deepEqual(list(w, bob, { limit: 2, after: "logged" }), [["memory 1 none"], false]);
    assert.deepEqual(list(w, bob, { prefix: "lo", limit: 1 }), [["lobby 4 member"], true]);
  });

  it("show one's own, the private too", () => {
    const w = withRooms();
    const all = ["hidden 1 owner", "hush 1 owner", "lobby 4 member", "logged 2 owner", "memory 1 owner"];
    assert.deepEqual(list(w, ann, { scope: "mine" }), [all, false]);
    assert.deepEqual(list(w, dora, { scope: "mine" }), [["lobby 4 member"], false]);
  });

  it("show conversations, and whether the other is here", () => {
    const w = withRooms();
    w.do(request("whisper", ann, { to: "bob", clientMessageId: "w", text: "w" }));
    assert.deepEqual(list(w, ann, { scope: "direct" }), [["Bob 2 member"], false]);
    w.do({ type: "signOut", session: bob });
    assert.deepEqual(list(w, ann, { scope: "direct" }), [["Bob 1 member"], false]);
  });

  it("hide a room that is made private while the store is asked", () => {
    const w = withRooms();
    const asked = request("listRooms", bob, { scope: "open", after: "", limit: 9, prefix: "logged" });
    w.command(asked);
    const listing = w.tasks[0];
    assert.ok(listing !== undefined);
    listing.reply = listing.run("none");
    w.command(request("updateRoom", ann, { roomId: 2, change: { access: "private" } }));
    for (let task = w.tasks[1]; task !== undefined; task = w.tasks[1]) w.finish(task);
    assert.deepEqual(replyOf(w.settle(), bob, "rooms").rooms, []);
  });

  it("are in the order of stores, beyond the first plane too", () => {
    const w = world();
    const names = ["z\u{ffdc}", "z\u{10400}", "z\u{10401}"];
    const kinds = ["logged", "memory", "logged"] as const;
    for (const index of [2, 1, 0] as const) {
      w.do(request("joinRoom", ann, { name: names[index] ?? "", create: kinds[index] }));
    }
    const [all] = list(w, bob, { prefix: "z" }) as [string[]];
    assert.deepEqual(
      all.map((line) => line.split(" ")[0]),
      names,
    );
    const [rest] = list(w, bob, { prefix: "z", after: "z\u{10400}" }) as [string[]];
    assert.deepEqual(rest.length, 1);
  });

  it("know memory rooms by ids of their own", () => {
    const w = withRooms();
    const { rooms } = replyOf(
      w.do(request("listRooms", bob, { scope: "open", after: "m", limit: 9, prefix: "" })),
      bob,
      "rooms",
    );
    assert.deepEqual(
      rooms.map(({ id, kind }) => [id, kind]),
      [[MEMORY_ROOM_ID_BASE, "memory"]],
    );
  });
});
