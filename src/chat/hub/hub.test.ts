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
import { OPEN_ROOM_SETTINGS } from "../store/open-room-settings.ts";

const ann = user(1, "Ann");
const bob = user(2, "Bob");
const cy = user(3, "Cy");
const [a1, a2, b1, c1] = [session(1, 1), session(2, 1), session(1, 2), session(2, 2)];

function join(key: SessionKey, name: string, create: "none" | "logged" | "memory" = "none"): Command {
  return request("joinRoom", key, { name, create }, 8);
}

/** Ann, Bob and Cy in the lobby (room 1), Ann and Bob on gate 1. */
function lobbyOfThree(settings: ConstructorParameters<typeof HubWorld>[0] = {}): HubWorld {
  const world = new HubWorld(settings).start();
  for (const [key, identity] of [
    [a1, ann],
    [b1, bob],
    [c1, cy],
  ] as const) {
    world.do(signIn(key, identity));
  }
  return world;
}

describe("signing in", () => {
  it("subscribes the gate, answers with the lobby, then tells the others", () => {
    const world = new HubWorld().start();
    const { passwordHash: _, ...settings } = OPEN_ROOM_SETTINGS;
    const place = { name: "lobby", kind: "logged", epoch: "epoch-1", firstOffset: 0, lastOffset: 0 };
    const lobby = { id: 1, ...place, ...settings, memberCount: 1, role: "member" };
    assert.deepEqual(world.do(signIn(a1, ann, 5)), [
      { type: "subscribe", gateId: 1, roomId: 1 },
      {
        type: "reply",
        event: {
          type: "signedIn",
          session: a1,
          requestId: 5,
          lobby,
        },
      },
      { type: "publish", event: { type: "userJoined", roomId: 1, name: "Ann" } },
    ]);
  });

  it("waits until the lobby is open, in order", () => {
    const world = new HubWorld();
    world.hub.start({ monotonicMs: 0, wallMs: 0 }, world);
    assert.deepEqual(world.tasks.map(({ type }) => type).sort(), ["openRoom", "readServerRules"]);
    assert.deepEqual(world.command(signIn(a1, ann)), []);
    assert.deepEqual(world.command(signIn(b1, bob)), []);
    assert.deepEqual(refusals(world.command(signIn(b1, bob))), ["ALREADY_LOGGED_IN"]);
    world.command({ type: "signOut", session: b1 });
    const effects = world.settle();
    assert.deepEqual(
      repliesTo(effects, a1).map((event) => event.type),
      ["signedIn"],
    );
    assert.deepEqual(repliesTo(effects, b1), []);
  });

  it("is refused with BUSY when the lobby cannot be opened, and tried again by the next", () => {
    const world = new HubWorld();
    world.command(signIn(a1, ann));
    assert.deepEqual(refusals(world.settle("lost")), ["BUSY"]);
    assert.equal(repliesTo(world.do(signIn(a1, ann)), a1)[0]?.type, "signedIn");
  });

  it("bounds the sign-ins that wait", () => {
    const world = new HubWorld({ maxWaitingSignIns: 1 });
    world.command(signIn(a1, ann));
    assert.deepEqual(refusals(world.command(signIn(b1, bob))), ["BUSY"]);
  });

  it("is refused in a session that has signed in", () => {
    assert.deepEqual(refusals(lobbyOfThree().do(signIn(a1, bob))), ["ALREADY_LOGGED_IN"]);
  });

  it("is refused when the server is full of users, not of sessions", () => {
    const world = lobbyOfThree({ maxUsers: 3 });
    assert.deepEqual(refusals(world.do(signIn(session(3, 1), user(4, "Di")))), ["USER_FULL"]);
    assert.deepEqual(refusals(world.do(signIn(a2, ann))), []);
  });

  it("is refused to a guest whose name somebody uses, and gives an account its name back", () => {
    const world = lobbyOfThree();
    assert.deepEqual(refusals(world.do(signIn(session(3, 1), user(-1, "BOB")))), ["NAME_TAKEN"]);
    const guest = session(3, 2);
    world.do(signIn(guest, user(-1, "Eve")));
    const effects = world.do(signIn(session(3, 3), user(9, "eve")));
    assert.deepEqual(repliesTo(effects, guest), [
      { type: "ended", session: guest, code: "REPLACED", detail: "" },
    ]);
    assert.equal(repliesTo(effects, session(3, 3))[0]?.type, "signedIn");
    assert.equal(world.hub.counts.users, 4);
  });
});

describe("the same user twice", () => {
  it("the duplicate-login check is atomic", () => {
    const world = new HubWorld({ duplicates: "reject" }).start();
    world.command(signIn(a1, ann));
    // Both gates found no session of Ann; the hub decides, with nothing between its look and its entry.
    assert.deepEqual(refusals(world.command(signIn(a2, ann))), ["LOGIN_USER_ALREADY"]);
    world.do({ type: "signOut", session: a1 });
    assert.deepEqual(refusals(world.do(signIn(a2, ann))), []);
  });

  it("is decided in order also for sign-ins that waited for the lobby", () => {
    const world = new HubWorld({ duplicates: "reject" });
    world.command(signIn(a1, ann));
    world.command(signIn(a2, ann));
    const effects = world.settle();
    assert.equal(repliesTo(effects, a1)[0]?.type, "signedIn");
    assert.deepEqual(refusals(effects), ["LOGIN_USER_ALREADY"]);
  });

  it("allows sessions up to the limit, with one notice for all", () => {
    const world = new HubWorld({ maxSessionsPerUser: 2 }).start();
    world.do(signIn(b1, bob));
    assert.equal(published(world.do(signIn(a1, ann))).length, 1);
    assert.deepEqual(published(world.do(signIn(a2, ann))), []);
    assert.deepEqual(refusals(world.do(signIn(session(3, 1), ann))), ["LOGIN_USER_ALREADY"]);
    assert.deepEqual(published(world.do({ type: "signOut", session: a1 })), []);
    assert.deepEqual(published(world.do({ type: "signOut", session: a2 })), [
      { type: "userLeft", roomId: 1, name: "Ann" },
    ]);
  });

  it("replaces: the old session ends first, and the lobby hears nothing of it", () => {
    const world = lobbyOfThree({ duplicates: "replace" });
    const effects = world.do(signIn(a2, ann, 3));
    assert.deepEqual(effects[0], {
      type: "reply",
      event: { type: "ended", session: a1, code: "REPLACED", detail: "" },
    });
    assert.deepEqual(published(effects), []);
    assert.equal(repliesTo(effects, a2)[0]?.type, "signedIn");
    assert.equal(world.hub.counts.sessions, 3);
    assert.deepEqual(world.do({ type: "signOut", session: a1 }), [], "the gate's signOut comes late");
  });

  it("replaces: other rooms see the user leave, who has to join them again", () => {
    const world = lobbyOfThree({ duplicates: "replace" });
    world.do(join(a1, "red", "memory"));
    world.do(join(b1, "red"));
    assert.deepEqual(published(world.do(signIn(a2, ann))), [
      { type: "userLeft", roomId: MEMORY_ROOM_ID_BASE, name: "Ann" },
    ]);
  });

  it("replaces also in a full server", () => {
    const world = lobbyOfThree({ duplicates: "replace", maxUsers: 3 });
    assert.deepEqual(refusals(world.do(signIn(a2, ann))), []);
  });
});

describe("signing out", () => {
  it("an unauthenticated disconnect does not change the user count", () => {
    const world = lobbyOfThree();
    const before = world.hub.counts;
    assert.deepEqual(world.do({ type: "signOut", session: session(1, 99) }), []);
    assert.deepEqual(world.hub.counts, before);
    world.do({ type: "signOut", session: a1 });
    world.do({ type: "signOut", session: a1 });
    assert.equal(world.hub.counts.users, 2, "and a second disconnect takes nobody else away");
  });

  it("of a gate ends all its sessions, and that gate hears nothing of it, but the rules", () => {
    const world = lobbyOfThree();
    assert.deepEqual(world.do({ type: "gateReset", gateId: 1 }), [
      { type: "unsubscribe", gateId: 1, roomId: 1 },
      { type: "publish", event: { type: "userLeft", roomId: 1, name: "Ann" } },
      { type: "publish", event: { type: "userLeft", roomId: 1, name: "Bob" } },
      { type: "broadcast", event: { type: "serverRules", lockdown: 0, addressBans: [] } },
    ]);
    assert.equal(world.hub.counts.sessions, 1);
  });

  it("takes the answers to open requests with it, not the messages", () => {
    const world = lobbyOfThree();
    world.command(say(a1, 1, "last words"));
    world.command({ type: "signOut", session: a1 });
    const effects = world.settle();
    assert.deepEqual(repliesTo(effects, a1), []);
    const [message] = published(effects);
    assert.ok(message?.type === "message" && message.text === "last words" && message.publisher === 0);
  });
});

describe("notices", () => {
  it("become counts in rooms above their limit", () => {
    const world = new HubWorld({ noticeMaxMembers: 2 }).start();
    world.do(signIn(a1, ann));
    assert.equal(published(world.do(signIn(b1, bob))).length, 1);
    const told = (memberCount: number): unknown => [{ type: "memberCount", roomId: 1, memberCount }];
    assert.deepEqual(published(world.do(signIn(c1, cy))), told(3), "counts instead");
    assert.deepEqual(published(world.do({ type: "signOut", session: c1 })), [], "once a second at most");
    assert.deepEqual(published(world.tick(900)), []);
    assert.deepEqual(published(world.tick(100)), told(2), "and the last of them");
    assert.deepEqual(published(world.tick()), []);
    assert.equal(published(world.do({ type: "signOut", session: b1 }))[0]?.type, "userLeft");
  });
});

describe("requests without a session", () => {
  it("are refused with NOT_LOGGED_IN", () => {
    const world = new HubWorld().start();
    const stranger = session(1, 50);
    const effects = [
      world.do(say(stranger, 1, "hello")),
      world.do(request("whisper", stranger, { to: "ann", clientMessageId: "x", text: "x" })),
      world.do(join(stranger, "red", "memory")),
      world.do(request("leaveRoom", stranger, { roomId: 1 })),
      world.do(request("listUsers", stranger, { roomId: 1, after: "", limit: 10 })),
      world.do(request("history", stranger, { roomId: 1 })),
    ].flat();
    assert.deepEqual(
      refusals(effects),
      Array.from({ length: 6 }, () => "NOT_LOGGED_IN"),
    );
  });

  it("are refused with BUSY while the server stops; leaving still works", () => {
    const world = lobbyOfThree();
    world.hub.drain();
    assert.deepEqual(refusals(world.do(say(a1, 1, "late"))), ["BUSY"]);
    assert.deepEqual(refusals(world.do(signIn(session(3, 1), user(4, "Di")))), ["BUSY"]);
    world.do({ type: "signOut", session: a1 });
    assert.equal(world.hub.counts.sessions, 2);
  });
});
