import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GateClient, GateWorld, LOBBY } from "../../../test/support/gate-world.ts";
import { ErrorCode, PacketType } from "../../protocol/codes.ts";
import {
  MessageKind,
  RoomClosedNotice_Cause,
  RoomRole,
} from "../../protocol/generated/portico/v1/portico_pb.js";
import type { HistoryMessage, SessionEvent } from "../hub/event.ts";
import { FOREVER_MS } from "../store/store.ts";
import { packetTypeOf } from "./refusals.ts";

type Said = SessionEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, "session">
    : never
  : never;

function scene(): { world: GateWorld; client: GateClient; hear: (event: Said) => void } {
  const world = new GateWorld();
  const client = world.signedIn();
  const hear = (event: Said): void => world.answer({ ...event, session: client.session.key }, client);
  return { world, client, hear };
}

const entry: HistoryMessage = {
  offset: 4,
  timeMs: 5,
  sender: "joon",
  text: "hi",
  kind: "text",
  target: 0,
  replyTo: 2,
  editedMs: 6,
  deleted: false,
  reactions: [{ reaction: "👍", count: 2, mine: true }],
  changedOffset: 0,
};

describe("replies", () => {
  it("a refusal comes in the response of its request, whichever it is", () => {
    const { client, hear } = scene();
    const refusal = { code: "MUTED", detail: "no", retryAfterMs: 7.2 } as const;
    for (const request of Object.keys(packetTypeOf) as (keyof typeof packetTypeOf)[]) {
      if (request === "signIn") continue;
      hear({ type: "refused", requestId: 4, request, refusal });
      const [packet] = client.take();
      assert.equal(packet?.type, packetTypeOf[request] + 1);
      assert.ok("code" in packet.body && "retryAfterMs" in packet.body);
      assert.equal(packet.body.code, ErrorCode.MUTED);
      assert.equal(packet.body.retryAfterMs, 8);
    }
  });

  it("`done` and `published` are answers of several requests", () => {
    const { client, hear } = scene();
    hear({ type: "done", requestId: 4, request: "moderate" });
    assert.equal(client.takeOne(PacketType.MODERATE_RESPONSE).requestId, 4);
    hear({ type: "done", requestId: 4, request: "adminLockdown" });
    assert.equal(client.takeOne(PacketType.ADMIN_LOCKDOWN_RESPONSE).code, ErrorCode.OK);
    hear({ type: "published", requestId: 4, request: "react", offset: 9, timeMs: 8 });
    assert.equal(client.takeOne(PacketType.REACT_RESPONSE).offset, 9n);
    hear({ type: "whispered", requestId: 4, roomId: 6, offset: 9, timeMs: 8 });
    assert.equal(client.takeOne(PacketType.WHISPER_RESPONSE).roomId, 6);
  });

  it("history shows entries with all there is to them", () => {
    const { client, hear } = scene();
    const page = { requestId: 4, roomId: 6, mode: "after", more: true, replay: false } as const;
    hear({ type: "history", ...page, messages: [entry, { ...entry, kind: "edit", target: 4 }] });
    const { messages, more } = client.takeOne(PacketType.HISTORY_RESPONSE);
    assert.equal(more, true);
    assert.deepEqual(
      messages.map(({ kind, target, replyTo, editedMs }) => [kind, target, replyTo, editedMs]),
      [
        [MessageKind.TEXT, 0n, 2n, 6n],
        [MessageKind.EDIT, 4n, 2n, 6n],
      ],
    );
    const [shown] = messages[0]?.reactions ?? [];
    assert.deepEqual([shown?.reaction, shown?.count, shown?.mine], ["👍", 2, true]);
  });

  it("a page around a message has that message, also when not all fit", () => {
    const { world, client, hear } = scene();
    client.send(PacketType.HISTORY_REQUEST, { requestId: 4, roomId: 6, around: 50 });
    world.asked();
    const messages = Array.from({ length: 99 }, (_, index) => ({
      ...entry,
      offset: index + 1,
      text: "x".repeat(4000),
    }));
    const page = { requestId: 4, roomId: 6, mode: "around", more: false, replay: false } as const;
    hear({ type: "history", ...page, messages });
    const response = client.takeOne(PacketType.HISTORY_RESPONSE);
    assert.ok(response.messages.some(({ offset }) => offset === 50n));
    assert.ok(response.messages.length > 2);
    assert.equal(response.more, true);
  });

  it("pages that the fan-out asked for go to it, and so does their refusal", () => {
    const { world, client, hear } = scene();
    const page = { requestId: 0, roomId: 6, mode: "after", messages: [entry], more: true } as const;
    hear({ type: "history", ...page, replay: true });
    const refusal = { code: "BUSY", detail: "", retryAfterMs: 9 } as const;
    hear({ type: "refused", requestId: 0, request: "history", refusal });
    assert.deepEqual(world.fanOut.calls, ["page of 6", "no page: BUSY"]);
    assert.deepEqual(client.take(), []);
  });

  it("lists are cut to what fits in a packet", () => {
    const { client, hear } = scene();
    const { packetBytes } = { packetBytes: 16_384 };
    const names = Array.from({ length: 200 }, (_, index) => `${"김".repeat(20)}${index}`.repeat(2));
    hear({ type: "users", requestId: 4, names, total: 500, more: false });
    const users = client.takeOne(PacketType.USER_LIST_RESPONSE);
    assert.ok(users.names.length < 200 && users.names.join("").length * 3 > packetBytes * 0.9);
    assert.equal(users.more, true);
    assert.equal(users.total, 500);
    const members = names.map((name) => ({
      name,
      displayName: name,
      role: "owner" as const,
      present: true,
      mutedUntilMs: 0,
    }));
    hear({ type: "members", requestId: 4, members, total: 200, more: false });
    const list = client.takeOne(PacketType.MEMBER_LIST_RESPONSE);
    assert.equal(list.members[0]?.role, RoomRole.OWNER);
    assert.ok(list.more && list.members.length < users.names.length);
    const hit = { roomId: 6, room: "tea", message: { ...entry, text: "x".repeat(30_000) } };
    hear({ type: "hits", requestId: 4, hits: [hit, hit], more: false });
    const search = client.takeOne(PacketType.SEARCH_RESPONSE);
    assert.equal(search.hits.length, 1);
    assert.equal(search.hits[0]?.message?.roomId, 6);
    assert.equal(search.more, true);
    hear({ type: "blocks", requestId: 4, names });
    assert.ok(client.takeOne(PacketType.BLOCK_LIST_RESPONSE).names.length > 100);
  });

  it("tokens, sanctions, audit, rooms and invitations", () => {
    const { client, hear } = scene();
    const token = { id: 5, label: "laptop", address: "::1", createdMs: 1, lastUsedMs: 2, expiresMs: 3 };
    hear({ type: "tokens", requestId: 4, tokens: [token, { ...token, id: 6 }], currentId: 5 });
    assert.deepEqual(
      client.takeOne(PacketType.TOKEN_LIST_RESPONSE).tokens.map(({ tokenId, current }) => [tokenId, current]),
      [
        [5n, true],
        [6n, false],
      ],
    );
    hear({ type: "revoked", requestId: 4, count: 3 });
    assert.equal(client.takeOne(PacketType.REVOKE_TOKEN_RESPONSE).revokedCount, 3);
    const ban = { subject: "joon", kind: "ban" as const, untilMs: FOREVER_MS, reason: "spam", by: "mina" };
    hear({
      type: "sanctions",
      requestId: 4,
      sanctions: [ban, { ...ban, kind: "mute", untilMs: 9 }],
      more: false,
    });
    assert.deepEqual(
      client
        .takeOne(PacketType.SANCTION_LIST_RESPONSE)
        .sanctions.map(({ banned, untilMs }) => [banned, untilMs]),
      [
        [true, 0n],
        [false, 9n],
      ],
    );
    const act = {
      id: 8,
      timeMs: 1,
      actor: "mina",
      action: "room.ban",
      subject: "joon",
      room: "tea",
      detail: "",
    };
    hear({ type: "audit", requestId: 4, entries: [act], more: true });
    assert.equal(client.takeOne(PacketType.AUDIT_LIST_RESPONSE).entries[0]?.action, "room.ban");
    hear({ type: "invitation", requestId: 4, invitationCode: "abcd", expiresMs: 7 });
    assert.equal(client.takeOne(PacketType.ADMIN_INVITATION_RESPONSE).invitationCode, "abcd");
    const { id, name, kind, access, topic, archived, epoch, memberCount, role, lastOffset } = LOBBY;
    const room = { id, name, kind, access, topic, archived, epoch, memberCount, role, lastOffset };
    const counts = { lastTimeMs: 1, readOffset: 2, unreadCount: 3, mentionCount: 4, cursor: "c" };
    hear({ type: "rooms", requestId: 4, rooms: [{ ...room, ...counts }], more: false });
    const [listed] = client.takeOne(PacketType.ROOM_LIST_RESPONSE).rooms;
    assert.deepEqual([listed?.roomId, listed?.unreadCount, listed?.cursor], [1, 3, "c"]);
  });

  it("who is out of a room is told, after what came until then", () => {
    const { world, client, hear } = scene();
    hear({ type: "removed", roomId: 6, cause: "banned", detail: "spam" });
    const closed = client.takeOne(PacketType.ROOM_CLOSED_NOTICE);
    assert.deepEqual(
      [closed.roomId, closed.cause, closed.detail],
      [6, RoomClosedNotice_Cause.BANNED, "spam"],
    );
    hear({ type: "left", requestId: 4, roomId: 7 });
    assert.equal(client.takeOne(PacketType.LEAVE_ROOM_RESPONSE).requestId, 4);
    assert.deepEqual(world.fanOut.calls, ["leave 6", "leave 7"]);
  });

  it("notices", () => {
    const { client, hear } = scene();
    hear({ type: "roleChanged", room: { ...LOBBY, id: 6, role: "moderator" } });
    assert.equal(client.takeOne(PacketType.ROOM_UPDATED_NOTICE).room?.role, RoomRole.MODERATOR);
    hear({ type: "updated", requestId: 4, room: { ...LOBBY, topic: "tea" } });
    assert.equal(client.takeOne(PacketType.UPDATE_ROOM_RESPONSE).room?.topic, "tea");
    hear({ type: "invited", roomId: 6, room: "tea", by: "joon" });
    assert.equal(client.takeOne(PacketType.INVITED_NOTICE).by, "joon");
    const mute = { type: "muted", roomId: 6, room: "tea", reason: "loud", by: "joon" } as const;
    for (const [untilMs, lifted, told] of [
      [5000, false, 5000n],
      [FOREVER_MS, false, 0n],
      [0, true, 0n],
    ] as const) {
      hear({ ...mute, untilMs });
      const notice = client.takeOne(PacketType.MUTED_NOTICE);
      assert.deepEqual([notice.lifted, notice.untilMs, notice.reason], [lifted, told, "loud"]);
    }
    hear({ type: "read", roomId: 6, offset: 9 });
    assert.equal(client.takeOne(PacketType.READ_NOTICE).offset, 9n);
    hear({ type: "whisperTyping", roomId: 6, name: "joon" });
    assert.equal(client.takeOne(PacketType.TYPING_NOTICE).name, "joon");
    const about = { offset: 1, timeMs: 2, text: "", kind: "delete", target: 1, replyTo: 0 } as const;
    hear({ type: "whisper", roomId: 6, from: "joon", to: "mina", ...about });
    const whisper = client.takeOne(PacketType.WHISPER_NOTICE);
    assert.deepEqual([whisper.kind, whisper.target, whisper.roomId], [MessageKind.DELETE, 1n, 6]);
  });

  it("createRoom joins without a position, and its response is its own", () => {
    const { world, client, hear } = scene();
    hear({ type: "joined", requestId: 4, request: "createRoom", room: { ...LOBBY, id: 6, role: "owner" } });
    assert.equal(client.takeOne(PacketType.CREATE_ROOM_RESPONSE).room?.role, RoomRole.OWNER);
    assert.deepEqual(world.fanOut.calls, ["flush 6", "join 6"]);
  });

  it("an ended session is told why, in the hub's words", () => {
    for (const code of ["REPLACED", "KICKED", "BANNED", "TOKEN_REVOKED", "ACCOUNT_DELETED"] as const) {
      for (const detail of ["", "because"]) {
        const { world, client, hear } = scene();
        hear({ type: "ended", code, detail });
        const packet = client.takeOne(PacketType.DISCONNECT);
        assert.ok(detail === "" ? packet.reason !== "" : packet.reason === "because");
        assert.equal(world.context.counters.disconnects[code], 1);
        assert.ok(client.disconnected);
        assert.deepEqual(world.asked(), [{ type: "signOut" }]);
      }
    }
  });
});
