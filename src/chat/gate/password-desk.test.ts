import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GateClient, GateWorld, LOBBY } from "../../../test/support/gate-world.ts";
import { PacketType } from "../../protocol/codes.ts";
import {
  AdminUserRequest_Action,
  RoomAccess,
  RoomKind,
} from "../../protocol/generated/portico/v1/portico_pb.js";

const PASSWORD = "correct horse";
const OTHER = "battery staple";
const TEA = { ...LOBBY, id: 2, name: "tea", access: "password" } as const;

function world(loginsPerMinutePerAddress = 0): { world: GateWorld; mina: GateClient } {
  const made = new GateWorld({ rates: { loginsPerMinutePerAddress } });
  const { id } = made.store.add("mina", PASSWORD);
  return { world: made, mina: made.signedIn({ id }) };
}

describe("an account's password", () => {
  it("is changed by who knows the old one", async () => {
    const { world: here, mina } = world();
    const change = { requestId: 4, oldPassword: PASSWORD, newPassword: OTHER };
    mina.send(PacketType.CHANGE_PASSWORD_REQUEST, change);
    await here.settle();
    assert.deepEqual(here.asked(), [
      { type: "changePassword", requestId: 4, passwordHash: `hash of ${OTHER}` },
    ]);
    here.answer({ type: "done", session: mina.session.key, requestId: 4, request: "changePassword" }, mina);
    assert.equal(mina.takeOne(PacketType.CHANGE_PASSWORD_RESPONSE).requestId, 4);
    mina.send(PacketType.CHANGE_PASSWORD_REQUEST, { ...change, oldPassword: OTHER });
    await here.settle();
    assert.equal(mina.takeCode(), "AUTH_FAILED");
    mina.send(PacketType.CHANGE_PASSWORD_REQUEST, { ...change, newPassword: "short" });
    assert.equal(mina.takeCode(), "PASSWORD_INVALID");
    assert.deepEqual(here.asked(), []);
  });

  it("deletes the account", async () => {
    const { world: here, mina } = world();
    mina.send(PacketType.DELETE_ACCOUNT_REQUEST, { requestId: 4, password: OTHER });
    await here.settle();
    assert.equal(mina.takeCode(), "AUTH_FAILED");
    mina.send(PacketType.DELETE_ACCOUNT_REQUEST, { requestId: 4, password: PASSWORD });
    await here.settle();
    assert.deepEqual(here.asked(), [{ type: "deleteAccount", requestId: 4 }]);
  });

  it("guests have none, nor have users of another authority", async () => {
    const { world: here } = world();
    const { id } = here.store.add("ext", "", { passwordHash: "" });
    for (const user of [here.signedIn({ id: -5 }), here.signedIn({ id })]) {
      user.send(PacketType.DELETE_ACCOUNT_REQUEST, { requestId: 4, password: PASSWORD });
      await here.settle();
      assert.equal(user.takeCode(), "PERMISSION_DENIED");
    }
    assert.deepEqual(here.asked(), []);
  });

  it("cannot be found out by trying", async () => {
    const { world: here, mina } = world(3);
    for (let count = 0; count < 3; count++) {
      mina.send(PacketType.DELETE_ACCOUNT_REQUEST, { requestId: 4, password: `${OTHER} ${count}` });
      await here.settle();
      assert.equal(mina.takeCode(), "AUTH_FAILED");
    }
    mina.send(PacketType.CHANGE_PASSWORD_REQUEST, {
      requestId: 4,
      oldPassword: PASSWORD,
      newPassword: OTHER,
    });
    assert.equal(mina.takeCode(), "RATE_LIMITED");
  });

  it("nothing is asked for a session that has ended meanwhile", async () => {
    const { world: here, mina } = world();
    mina.send(PacketType.DELETE_ACCOUNT_REQUEST, { requestId: 4, password: PASSWORD });
    mina.session.end("SHUTDOWN");
    await here.settle();
    assert.deepEqual(here.asked(), [{ type: "signOut" }]);
  });

  it("an administrator sets another's", async () => {
    const { world: here, mina } = world();
    const set = { requestId: 4, name: "joon", action: AdminUserRequest_Action.SET_PASSWORD, password: OTHER };
    mina.send(PacketType.ADMIN_USER_REQUEST, { ...set, password: "short" });
    assert.equal(mina.takeCode(), "PASSWORD_INVALID");
    mina.send(PacketType.ADMIN_USER_REQUEST, set);
    await here.settle();
    const [command] = here.asked() as [{ passwordHash: string }];
    assert.equal(command.passwordHash, `hash of ${OTHER}`);
  });
});

describe("a room's password", () => {
  it("goes to the hub as a hash", async () => {
    const { world: here, mina } = world();
    const create = { requestId: 4, name: "tea", kind: RoomKind.LOGGED, access: RoomAccess.PASSWORD };
    mina.send(PacketType.CREATE_ROOM_REQUEST, { ...create, password: "short" });
    assert.equal(mina.takeCode(), "PASSWORD_INVALID");
    mina.send(PacketType.CREATE_ROOM_REQUEST, { ...create, password: PASSWORD });
    await here.settle();
    mina.send(PacketType.UPDATE_ROOM_REQUEST, { requestId: 5, roomId: 2, topic: "leaves", password: OTHER });
    await here.settle();
    const [created, updated] = here.asked() as [{ passwordHash: string }, { change: object }];
    assert.equal(created.passwordHash, `hash of ${PASSWORD}`);
    assert.deepEqual(updated.change, { topic: "leaves", passwordHash: `hash of ${OTHER}` });
  });

  async function join(here: GateWorld, mina: GateClient, password: string): Promise<void> {
    const position = { epoch: "e1", offset: 4 };
    mina.send(PacketType.JOIN_ROOM_REQUEST, { requestId: 4, name: "tea", password, position });
    here.commands.length = 0;
    const { key: session } = mina.session;
    here.answer({ type: "passwordNeeded", session, requestId: 4, passwordHash: `hash of ${PASSWORD}` }, mina);
    await here.settle();
  }

  it("lets in who knows it, at the position that was asked for", async () => {
    const { world: here, mina } = world();
    await join(here, mina, PASSWORD);
    const proven = { name: "tea", create: "none", hasPassword: true, provenHash: `hash of ${PASSWORD}` };
    assert.deepEqual(here.asked(), [{ type: "joinRoom", requestId: 4, ...proven }]);
    const { key: session } = mina.session;
    here.answer({ type: "joined", session, requestId: 4, request: "joinRoom", room: TEA }, mina);
    const response = mina.takeOne(PacketType.JOIN_ROOM_RESPONSE);
    assert.equal(response.recovered, true);
    assert.equal(response.room?.access, RoomAccess.PASSWORD);
    assert.deepEqual(here.fanOut.calls, ["flush 2", "join 2 after 4"]);
    assert.equal(here.context.counters.requestsOutstanding, 0);
    assert.equal(mina.session.takeJoin(4), undefined, "nothing is kept");
  });

  it("refuses others, and cannot be found out by trying", async () => {
    const { world: here, mina } = world(2);
    await join(here, mina, OTHER);
    assert.equal(mina.takeCode(), "ROOM_PASSWORD_WRONG");
    await join(here, mina, "short");
    assert.equal(mina.takeCode(), "ROOM_PASSWORD_WRONG");
    await join(here, mina, PASSWORD);
    assert.equal(mina.takeCode(), "RATE_LIMITED");
    assert.deepEqual(here.asked(), []);
    assert.equal(here.context.counters.requestsOutstanding, 0);
  });

  it("is asked for when none was given", () => {
    const { world: here, mina } = world();
    const { key: session } = mina.session;
    here.answer({ type: "passwordNeeded", session, requestId: 4, passwordHash: "hash" }, mina);
    assert.equal(mina.takeCode(), "ROOM_PASSWORD_WRONG");
  });
});
