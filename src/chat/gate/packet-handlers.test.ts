import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { arbitraryPacket } from "../../../test/support/arbitrary-packet.ts";
import { GateWorld } from "../../../test/support/gate-world.ts";
import { ErrorCode, PacketType } from "../../protocol/codes.ts";
import {
  AdminUserRequest_Action,
  Lockdown,
  ModerateRequest_Action,
  RoomAccess,
  RoomKind,
  RoomListRequest_Scope,
  RoomRole,
  SlowReader,
} from "../../protocol/generated/portico/v1/portico_pb.js";
import type { ClientPacketType, PacketInit, RequestPacketType } from "../../protocol/packets.ts";
import { isRequest, isSentBy, PACKETS, responseTypeOf } from "../../protocol/packets.ts";
import { packetHandlers } from "./packet-handlers.ts";
import { packetTypeOf, refuseRequest, type RefusalCode } from "./refusals.ts";

const requests = PACKETS.map(({ type }) => type).filter((type) => isRequest(type));
const early = new Set<number>([PacketType.REGISTER_REQUEST, PacketType.LOGIN_REQUEST]);

/** What a signed-in client's request comes to: the commands, or the code of the refusal. */
function outcome<Type extends RequestPacketType>(
  world: GateWorld,
  type: Type,
  body: PacketInit<Type>,
): object[] | string {
  const client = world.signedIn();
  client.send<ClientPacketType>(type, { requestId: 9, ...body });
  const asked = world.asked();
  return asked.length > 0 ? asked : client.takeCode();
}

describe("packet handlers", () => {
  it("there is one for every packet that clients send", () => {
    const sent = PACKETS.filter((packet) => isSentBy(packet, "client")).map(({ type }) => type);
    assert.deepEqual(Object.keys(packetHandlers).map(Number), sent);
  });

  it("every request of the hub came in a packet of its own", () => {
    const types = Object.values(packetTypeOf);
    assert.equal(new Set(types).size, types.length);
  });

  it("each request before login is refused in its own response", () => {
    for (const type of requests.filter((request) => !early.has(request))) {
      const world = new GateWorld();
      const client = world.connect();
      client.take();
      client.send<ClientPacketType>(type, { requestId: 300 });
      const [packet, ...more] = client.take();
      assert.equal(packet?.type, responseTypeOf(type));
      assert.equal(more.length, 0);
      assert.ok("code" in packet.body && "requestId" in packet.body);
      assert.equal(packet.body.code, ErrorCode.NOT_LOGGED_IN, PacketType[type]);
      assert.equal(packet.body.requestId, 300);
      assert.deepEqual(world.commands, []);
    }
  });

  it("each request without a request id is refused", () => {
    for (const type of requests) {
      const world = new GateWorld();
      const client = early.has(type) ? world.connect() : world.signedIn();
      client.take();
      client.send<ClientPacketType>(type, {});
      assert.equal(client.takeCode(), "INVALID_PACKET", PacketType[type]);
      assert.deepEqual(world.commands, []);
    }
  });

  it("no request is taken while the server stops", () => {
    const world = new GateWorld();
    const client = world.signedIn();
    world.isStopping = true;
    for (const type of requests.filter((request) => !early.has(request))) {
      client.send<ClientPacketType>(type, { requestId: 1 });
      assert.equal(client.takeCode(), "BUSY", PacketType[type]);
    }
    assert.deepEqual(world.commands, []);
  });

  it("every code of a refusal fits in the response of every request", () => {
    const world = new GateWorld();
    const client = world.signedIn();
    const codes = Object.keys(ErrorCode).filter((name) => Number.isNaN(Number(name)) && name !== "OK");
    assert.ok(codes.length > 30);
    for (const type of requests) {
      for (const code of codes as RefusalCode[]) {
        const refused = { code, detail: "d".repeat(300), retryAfterMs: Number.POSITIVE_INFINITY };
        refuseRequest(client.session, { type, body: { requestId: 0xffff_ffff } }, refused);
        const [packet] = client.take();
        assert.ok(packet !== undefined && "retryAfterMs" in packet.body && "code" in packet.body);
        assert.equal(packet.type, responseTypeOf(type));
        assert.equal(packet.body.retryAfterMs, 0xffff_ffff);
        assert.equal(ErrorCode[packet.body.code], code);
      }
    }
  });

  it("typing has no answer but an ErrorNotice", () => {
    const world = new GateWorld();
    const client = world.connect();
    client.take();
    client.send(PacketType.TYPING, { roomId: 1 });
    const notice = client.takeOne(PacketType.ERROR_NOTICE);
    assert.equal(notice.code, ErrorCode.NOT_LOGGED_IN);
    assert.equal(notice.packetType, PacketType.TYPING);
    const user = world.signedIn();
    user.send(PacketType.TYPING, { roomId: 1 });
    assert.deepEqual(world.asked(), [{ type: "typing", roomId: 1 }]);
    assert.deepEqual(user.take(), []);
    assert.equal(world.context.counters.requestsOutstanding, 0);
  });
});

describe("any packet", () => {
  it("becomes one command, or gets one answer with its request id", async () => {
    const sent = arbitraryPacket().filter(({ packet }) => isSentBy(packet, "client"));
    await fc.assert(
      fc.asyncProperty(sent, fc.boolean(), async ({ packet, message, bytes }, isIn) => {
        const world = new GateWorld({ login: { guests: true }, rates: { loginsPerMinutePerAddress: 0 } });
        const client = isIn ? world.signedIn() : world.connect();
        client.take();
        client.session.onFrame(client.link, bytes, 0, bytes.length);
        await world.settle();
        const commands = world.asked();
        const answers = client.take();
        if (packet.type === PacketType.PONG) return;
        assert.ok(commands.length + answers.length <= (packet.type === PacketType.LOGOUT_REQUEST ? 3 : 1));
        const { requestId } = message as { requestId?: number };
        const [command] = commands as { requestId?: number }[];
        const [answer] = answers;
        if (requestId === undefined) return;
        assert.ok(command !== undefined || Number(answer?.type) === packet.type + 1);
        const answered =
          answer !== undefined && "requestId" in answer.body ? answer.body.requestId : undefined;
        if (answer !== undefined) assert.equal(answered, requestId);
        else assert.equal(command?.requestId, requestId);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("messages", () => {
  const text = { roomId: 1, clientMessageId: "a", text: "hi" };

  it("become commands", () => {
    const world = new GateWorld();
    assert.deepEqual(outcome(world, PacketType.PUBLISH_REQUEST, { ...text, replyTo: 3 }), [
      { type: "publish", requestId: 9, ...text, replyTo: 3 },
    ]);
    assert.deepEqual(outcome(world, PacketType.EDIT_MESSAGE_REQUEST, { ...text, offset: 2 }), [
      { type: "editMessage", requestId: 9, target: 2, ...text },
    ]);
    const { roomId, clientMessageId } = text;
    const target = { roomId, clientMessageId, offset: 2n ** 63n };
    assert.deepEqual(outcome(world, PacketType.DELETE_MESSAGE_REQUEST, target), [
      { type: "deleteMessage", requestId: 9, roomId, clientMessageId, target: Number.MAX_SAFE_INTEGER },
    ]);
    assert.deepEqual(outcome(world, PacketType.REACT_REQUEST, { ...target, offset: 2, reaction: "👍" }), [
      { type: "react", requestId: 9, roomId, clientMessageId, target: 2, reaction: "👍", remove: false },
    ]);
    const whisper = { to: "joon", clientMessageId, text: "psst" };
    assert.deepEqual(outcome(world, PacketType.WHISPER_REQUEST, whisper), [
      { type: "whisper", requestId: 9, ...whisper, replyTo: 0 },
    ]);
  });

  it("are refused for what is wrong with them", () => {
    const world = new GateWorld();
    const refuse = <Type extends RequestPacketType>(type: Type, body: PacketInit<Type>, code: string): void =>
      assert.equal(outcome(world, type, body), code, `${PacketType[type]} ${inspect(body)}`);
    refuse(PacketType.PUBLISH_REQUEST, { ...text, text: " " }, "TEXT_INVALID");
    refuse(PacketType.PUBLISH_REQUEST, { ...text, clientMessageId: "" }, "INVALID_PACKET");
    refuse(PacketType.EDIT_MESSAGE_REQUEST, { ...text, text: "x".repeat(4001), offset: 1 }, "TEXT_INVALID");
    refuse(PacketType.EDIT_MESSAGE_REQUEST, text, "MESSAGE_NOT_FOUND");
    refuse(PacketType.DELETE_MESSAGE_REQUEST, { clientMessageId: "a" }, "MESSAGE_NOT_FOUND");
    refuse(PacketType.REACT_REQUEST, { clientMessageId: "a", offset: 1, reaction: "a b" }, "TEXT_INVALID");
    refuse(PacketType.WHISPER_REQUEST, { ...text, to: "no body" }, "USER_NOT_FOUND");
  });

  it("go through the filter", () => {
    const seen: object[] = [];
    const world = new GateWorld({}, (said, where) => {
      seen.push(where);
      if (said === "bad") return { action: "refuse", reason: "no" };
      if (said === "broken") throw new Error("the filter's own");
      return said === "long" ? { action: "replace", text: "" } : { action: "replace", text: `<${said}>` };
    });
    const publish = (said: string) => outcome(world, PacketType.PUBLISH_REQUEST, { ...text, text: said });
    assert.deepEqual(publish("hi"), [{ type: "publish", requestId: 9, ...text, text: "<hi>", replyTo: 0 }]);
    assert.equal(publish("bad"), "TEXT_REFUSED");
    assert.equal(publish("long"), "TEXT_REFUSED");
    assert.equal(publish("broken"), "SERVER_ERROR");
    const edit = { ...text, text: "bad", offset: 1 };
    assert.equal(outcome(world, PacketType.EDIT_MESSAGE_REQUEST, edit), "TEXT_REFUSED");
    const whisper = { to: "joon", clientMessageId: "a", text: "bad" };
    assert.equal(outcome(world, PacketType.WHISPER_REQUEST, whisper), "TEXT_REFUSED");
    assert.deepEqual(seen[0], { user: "mina", request: "publish", roomId: 1, to: "" });
    assert.deepEqual(seen.at(-1), { user: "mina", request: "whisper", roomId: 0, to: "joon" });
  });

  it("the words of the settings are refused", () => {
    const world = new GateWorld({ filter: { words: ["darn"] } });
    const said = { ...text, text: "Darn!" };
    assert.equal(outcome(world, PacketType.PUBLISH_REQUEST, said), "TEXT_REFUSED");
  });

  it("cost members × bytes, and so do typing and reactions", () => {
    const rates = { fanOutBytesPerSecondPerUser: 1000, fanOutBytesPerSecondPerAddress: 0 };
    const world = new GateWorld({ rates });
    const client = world.signedIn();
    world.fanOut.members = 50;
    const publish = (id: string): void =>
      client.send(PacketType.PUBLISH_REQUEST, {
        requestId: 1,
        ...text,
        clientMessageId: id,
        text: "x".repeat(48),
      });
    publish("a");
    assert.equal(world.asked().length, 1, "50 × (48 + 32) bytes: the burst of four seconds");
    publish("b");
    const response = client.takeOne(PacketType.PUBLISH_RESPONSE);
    assert.equal(response.code, ErrorCode.RATE_LIMITED);
    assert.equal(response.retryAfterMs, 4000);
    client.send(PacketType.TYPING, { roomId: 1 });
    assert.equal(client.takeOne(PacketType.ERROR_NOTICE).retryAfterMs, 1600);
    world.clock.advance(4000);
    publish("b");
    assert.equal(world.asked().length, 1);
  });

  it("packets above the rate are refused with the time to wait, and a flood ends the session", () => {
    const world = new GateWorld({ rates: { packetsPerSecond: 10, packetsBurst: 2 } });
    const client = world.connect();
    client.take();
    for (let count = 0; count < 3; count++) client.send(PacketType.LOGOUT_REQUEST, { requestId: 1 });
    const codes = client.take().map(({ body }) => ("code" in body ? body.code : 0));
    assert.deepEqual(codes, [ErrorCode.NOT_LOGGED_IN, ErrorCode.NOT_LOGGED_IN, ErrorCode.RATE_LIMITED]);
    for (let count = 0; count < 3; count++) client.send(PacketType.LOGOUT_REQUEST, { requestId: 1 });
    assert.equal(client.endCode(), "FLOOD");
  });
});

describe("rooms and reading", () => {
  it("become commands", () => {
    const world = new GateWorld();
    const ask = <Type extends RequestPacketType>(
      type: Type,
      body: PacketInit<Type>,
      ...asked: object[]
    ): void =>
      assert.deepEqual(
        outcome(world, type, body),
        asked.map((fields) => ({ requestId: 9, ...fields })),
      );
    ask(
      PacketType.JOIN_ROOM_REQUEST,
      { name: "Tea", create: RoomKind.MEMORY },
      {
        type: "joinRoom",
        name: "tea",
        create: "memory",
        hasPassword: false,
        provenHash: "",
      },
    );
    ask(
      PacketType.LEAVE_ROOM_REQUEST,
      { roomId: 2, giveUp: true },
      { type: "leaveRoom", roomId: 2, giveUp: true },
    );
    ask(
      PacketType.CREATE_ROOM_REQUEST,
      { name: "Tea", kind: RoomKind.LOGGED, topic: "leaves" },
      {
        type: "createRoom",
        name: "tea",
        kind: "logged",
        access: "public",
        passwordHash: "",
        topic: "leaves",
        slowReader: "disconnect",
      },
    );
    ask(
      PacketType.UPDATE_ROOM_REQUEST,
      { roomId: 2, topic: "", slowModeMs: 0, archived: false },
      {
        type: "updateRoom",
        roomId: 2,
        change: { topic: "", slowModeMs: 0, archived: false },
      },
    );
    ask(
      PacketType.UPDATE_ROOM_REQUEST,
      { roomId: 2, access: RoomAccess.PRIVATE, password: "" },
      {
        type: "updateRoom",
        roomId: 2,
        change: { access: "private", passwordHash: "" },
      },
    );
    ask(
      PacketType.MEMBER_LIST_REQUEST,
      { roomId: 2, after: "Mina" },
      {
        type: "listMembers",
        roomId: 2,
        after: "mina",
        limit: 100,
      },
    );
    ask(
      PacketType.SET_ROLE_REQUEST,
      { roomId: 2, name: "joon", role: RoomRole.OWNER },
      {
        type: "setRole",
        roomId: 2,
        name: "joon",
        role: "owner",
      },
    );
    ask(
      PacketType.MODERATE_REQUEST,
      { roomId: 2, name: "joon", action: ModerateRequest_Action.BAN },
      {
        type: "moderate",
        roomId: 2,
        name: "joon",
        action: "ban",
        durationMs: 0,
        reason: "",
      },
    );
    const history = { type: "history", roomId: 2, timeMs: 0, limit: 50, replay: false };
    ask(PacketType.HISTORY_REQUEST, { roomId: 2, after: 5 }, { ...history, mode: "after", offset: 5 });
    ask(
      PacketType.HISTORY_REQUEST,
      { roomId: 2, after: 5, before: 7, limit: 999 },
      {
        ...history,
        mode: "before",
        offset: 7,
        limit: 200,
      },
    );
    ask(PacketType.HISTORY_REQUEST, { roomId: 2, around: 7 }, { ...history, mode: "around", offset: 7 });
    ask(
      PacketType.HISTORY_REQUEST,
      { roomId: 2, fromTimeMs: 7 },
      { ...history, mode: "time", offset: 0, timeMs: 7 },
    );
    ask(
      PacketType.SEARCH_REQUEST,
      { query: "tea" },
      { type: "search", query: "tea", roomId: 0, before: 0, limit: 20 },
    );
    ask(
      PacketType.ROOM_LIST_REQUEST,
      { scope: RoomListRequest_Scope.OPEN, prefix: "Te" },
      {
        type: "listRooms",
        scope: "open",
        after: "",
        limit: 50,
        prefix: "te",
      },
    );
  });

  it("are refused for what is wrong with them", () => {
    const world = new GateWorld();
    const room = { name: "tea", kind: RoomKind.LOGGED };
    const refuse = <Type extends RequestPacketType>(type: Type, body: PacketInit<Type>, code: string): void =>
      assert.equal(outcome(world, type, body), code, `${PacketType[type]} ${inspect(body)}`);
    refuse(PacketType.JOIN_ROOM_REQUEST, { name: "no good" }, "NAME_INVALID");
    refuse(PacketType.JOIN_ROOM_REQUEST, { name: "tea", create: RoomKind.DIRECT }, "INVALID_PACKET");
    refuse(PacketType.CREATE_ROOM_REQUEST, { ...room, kind: RoomKind.UNSPECIFIED }, "INVALID_PACKET");
    refuse(PacketType.CREATE_ROOM_REQUEST, { ...room, access: 9 as RoomAccess }, "INVALID_PACKET");
    refuse(PacketType.CREATE_ROOM_REQUEST, { ...room, access: RoomAccess.PASSWORD }, "INVALID_PACKET");
    refuse(PacketType.CREATE_ROOM_REQUEST, { ...room, password: "open sesame" }, "INVALID_PACKET");
    refuse(PacketType.CREATE_ROOM_REQUEST, { ...room, topic: "x".repeat(257) }, "TEXT_INVALID");
    refuse(PacketType.CREATE_ROOM_REQUEST, { ...room, slowReader: 9 as SlowReader }, "INVALID_PACKET");
    refuse(PacketType.UPDATE_ROOM_REQUEST, { roomId: 2, slowModeMs: 86_400_001 }, "INVALID_PACKET");
    refuse(
      PacketType.UPDATE_ROOM_REQUEST,
      { roomId: 2, slowReader: SlowReader.UNSPECIFIED },
      "INVALID_PACKET",
    );
    const open = { roomId: 2, access: RoomAccess.PASSWORD, password: "" };
    refuse(PacketType.UPDATE_ROOM_REQUEST, open, "INVALID_PACKET");
    refuse(PacketType.INVITE_REQUEST, { roomId: 2, name: "no body" }, "USER_NOT_FOUND");
    refuse(PacketType.SET_ROLE_REQUEST, { roomId: 2, name: "joon" }, "INVALID_PACKET");
    refuse(PacketType.MODERATE_REQUEST, { roomId: 2, name: "joon" }, "INVALID_PACKET");
    const ban = { roomId: 2, name: "joon", action: ModerateRequest_Action.BAN };
    refuse(PacketType.MODERATE_REQUEST, { ...ban, durationMs: 2n ** 63n }, "INVALID_PACKET");
    refuse(PacketType.MODERATE_REQUEST, { ...ban, reason: "x".repeat(257) }, "TEXT_INVALID");
    refuse(PacketType.SEARCH_REQUEST, { query: "" }, "INVALID_PACKET");
    refuse(PacketType.SEARCH_REQUEST, { query: "tea", before: 5 }, "INVALID_PACKET");
    refuse(PacketType.ROOM_LIST_REQUEST, {}, "INVALID_PACKET");
    refuse(PacketType.USER_LIST_REQUEST, { after: "x".repeat(65) }, "INVALID_PACKET");
  });

  it("a session holds so many open joins, and no more", () => {
    const world = new GateWorld();
    const client = world.signedIn();
    const position = { epoch: "e1", offset: 1 };
    for (let requestId = 1; requestId <= 65; requestId++) {
      client.send(PacketType.JOIN_ROOM_REQUEST, { requestId, name: "tea", position });
    }
    assert.equal(world.asked().length, 64);
    assert.equal(client.takeCode(), "BUSY");
  });
});

describe("administration", () => {
  it("becomes commands", () => {
    const world = new GateWorld();
    const promote = { name: "joon", action: AdminUserRequest_Action.PROMOTE };
    assert.deepEqual(outcome(world, PacketType.ADMIN_USER_REQUEST, promote), [
      {
        type: "adminUser",
        requestId: 9,
        name: "joon",
        action: "promote",
        durationMs: 0,
        reason: "",
        passwordHash: "",
      },
    ]);
    assert.deepEqual(
      outcome(world, PacketType.ADMIN_ADDRESS_REQUEST, { cidr: "192.0.2.7/24", durationMs: 5 }),
      [{ type: "adminAddress", requestId: 9, cidr: "192.0.2.0/24", lift: false, durationMs: 5, reason: "" }],
    );
    assert.deepEqual(outcome(world, PacketType.ADMIN_LOCKDOWN_REQUEST, { level: Lockdown.NO_GUESTS }), [
      { type: "adminLockdown", requestId: 9, level: 2 },
    ]);
    const [invitation] = outcome(world, PacketType.ADMIN_INVITATION_REQUEST, {}) as [Record<string, unknown>];
    assert.equal(invitation.uses, 1);
    assert.equal(invitation.durationMs, 604_800_000);
    assert.match(String(invitation.hash), /^[0-9a-f]{64}$/);
    assert.equal(outcome(world, PacketType.ADMIN_ADDRESS_REQUEST, { cidr: "here" }), "INVALID_PACKET");
    assert.equal(
      outcome(world, PacketType.ADMIN_LOCKDOWN_REQUEST, { level: 7 as Lockdown }),
      "INVALID_PACKET",
    );
    assert.equal(outcome(world, PacketType.ADMIN_INVITATION_REQUEST, { uses: 1001 }), "INVALID_PACKET");
    assert.equal(outcome(world, PacketType.ADMIN_USER_REQUEST, { name: "joon" }), "INVALID_PACKET");
  });
});
