import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode, PacketType } from "../protocol/codes.ts";
import { isRequest, PACKETS, type RequestPacketType, responseTypeOf } from "../protocol/packets.ts";
import type { ChatClient } from "./chat-client.ts";
import { ChatError } from "./chat-error.ts";
import { openOnline } from "./testing/client-rig.ts";

type Call = (client: ChatClient, options: { signal?: AbortSignal }) => Promise<unknown>;

/** What a call sends, without its request id; fields that protobuf leaves out are left out here. */
const calls: readonly (readonly [RequestPacketType, Call, object])[] = [
  [
    PacketType.CHANGE_PASSWORD_REQUEST,
    (c, o) => c.changePassword("a", "b", o),
    { oldPassword: "a", newPassword: "b" },
  ],
  [PacketType.SET_DISPLAY_NAME_REQUEST, (c, o) => c.setDisplayName("Mina", o), { displayName: "Mina" }],
  [PacketType.DELETE_ACCOUNT_REQUEST, (c, o) => c.deleteAccount("a", o), { password: "a" }],
  [PacketType.TOKEN_LIST_REQUEST, (c, o) => c.tokens(o), {}],
  [PacketType.REVOKE_TOKEN_REQUEST, (c, o) => c.revokeToken(4, o), { tokenId: 4n }],
  [PacketType.REVOKE_TOKEN_REQUEST, (c, o) => c.revokeToken("others", o), { tokenId: 0n }],
  [PacketType.BLOCK_USER_REQUEST, (c, o) => c.block("jun", o), { name: "jun", blocked: true }],
  [PacketType.BLOCK_USER_REQUEST, (c, o) => c.unblock("jun", o), { name: "jun", blocked: false }],
  [PacketType.BLOCK_LIST_REQUEST, (c, o) => c.blocks(o), {}],
  [
    PacketType.JOIN_ROOM_REQUEST,
    (c, o) => c.joinRoom("den", { create: "memory", password: "p", ...o }),
    { name: "den", create: 2, password: "p" },
  ],
  [
    PacketType.LEAVE_ROOM_REQUEST,
    (c, o) => c.leaveRoom(5, { giveUp: true, ...o }),
    { roomId: 5, giveUp: true },
  ],
  [
    PacketType.CREATE_ROOM_REQUEST,
    (c, o) =>
      c.createRoom("den", { access: "password", password: "p", topic: "t", slowReader: "catchUp", ...o }),
    { name: "den", kind: 1, access: 3, password: "p", topic: "t", slowReader: 3 },
  ],
  [
    PacketType.UPDATE_ROOM_REQUEST,
    (c, o) => c.updateRoom(5, { topic: "", isArchived: false, retentionAgeMs: 9, access: "private" }, o),
    { roomId: 5, topic: "", archived: false, retentionAgeMs: 9n, access: 2 },
  ],
  [PacketType.DELETE_ROOM_REQUEST, (c, o) => c.deleteRoom(5, o), { roomId: 5 }],
  [
    PacketType.ROOM_LIST_REQUEST,
    (c, o) => c.listRooms({ scope: "mine", after: "x", limit: 3, ...o }),
    { scope: 2, after: "x", limit: 3 },
  ],
  [
    PacketType.MEMBER_LIST_REQUEST,
    (c, o) => c.members(5, { after: "a", limit: 2, ...o }),
    { roomId: 5, after: "a", limit: 2 },
  ],
  [PacketType.USER_LIST_REQUEST, (c, o) => c.listUsers(5, o), { roomId: 5 }],
  [PacketType.INVITE_REQUEST, (c, o) => c.invite(5, "jun", o), { roomId: 5, name: "jun" }],
  [
    PacketType.SET_ROLE_REQUEST,
    (c, o) => c.setRole(5, "jun", "owner", o),
    { roomId: 5, name: "jun", role: 3 },
  ],
  [
    PacketType.MODERATE_REQUEST,
    (c, o) => c.moderate(5, "jun", "mute", { durationMs: 60_000, reason: "loud", ...o }),
    { roomId: 5, name: "jun", action: 2, durationMs: 60_000n, reason: "loud" },
  ],
  [PacketType.SANCTION_LIST_REQUEST, (c, o) => c.sanctions(5, o), { roomId: 5 }],
  [PacketType.SANCTION_LIST_REQUEST, (c, o) => c.adminSanctions(o), { roomId: 0 }],
  [PacketType.HISTORY_REQUEST, (c, o) => c.history(1, o), { roomId: 1, before: 11n }],
  [
    PacketType.HISTORY_REQUEST,
    (c, o) => c.history(1, { around: 5, ...o }),
    { roomId: 1, around: 5n, before: 0n },
  ],
  [
    PacketType.HISTORY_REQUEST,
    (c, o) => c.history(1, { fromTimeMs: 7, ...o }),
    { roomId: 1, fromTimeMs: 7n, before: 0n },
  ],
  [
    PacketType.HISTORY_REQUEST,
    (c, o) => c.history(1, { after: 3, ...o }),
    { roomId: 1, after: 3n, before: 0n },
  ],
  [
    PacketType.SEARCH_REQUEST,
    (c, o) => c.search("hello", { roomId: 5, before: 9, limit: 4, ...o }),
    { query: "hello", roomId: 5, before: 9n, limit: 4 },
  ],
  [PacketType.MARK_READ_REQUEST, (c, o) => c.markRead(5, 8, o), { roomId: 5, offset: 8n }],
  [
    PacketType.ADMIN_USER_REQUEST,
    (c, o) => c.adminUser("jun", "ban", { durationMs: 5, reason: "r", ...o }),
    { name: "jun", action: 4, durationMs: 5n, reason: "r" },
  ],
  [
    PacketType.ADMIN_ADDRESS_REQUEST,
    (c, o) => c.adminAddress("192.0.2.0/24", { lift: true, ...o }),
    { cidr: "192.0.2.0/24", lift: true },
  ],
  [PacketType.ADMIN_LOCKDOWN_REQUEST, (c, o) => c.adminLockdown("noGuests", o), { level: 2 }],
  [
    PacketType.ADMIN_INVITATION_REQUEST,
    (c, o) => c.adminInvitation({ uses: 2, durationMs: 6, ...o }),
    { uses: 2, durationMs: 6n },
  ],
  [
    PacketType.AUDIT_LIST_REQUEST,
    (c, o) => c.adminAudit({ before: 6, limit: 2, ...o }),
    { before: 6n, limit: 2 },
  ],
];

describe("requests", () => {
  for (const [type, call, expected] of calls) {
    it(`${PacketType[type]} ${JSON.stringify(expected, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value))}`, async () => {
      const { client, server } = await openOnline();
      const asked = call(client, {});
      const { body } = server.current.take(type);
      assert.deepEqual({ ...body, ...expected }, { ...body });
      server.current.deliver(responseTypeOf(type), { requestId: body.requestId });
      await asked;
      const refused = call(client, {});
      const { requestId } = server.current.take(type).body;
      server.current.deliver(responseTypeOf(type), {
        requestId,
        code: ErrorCode.PERMISSION_DENIED,
        detail: "no",
      });
      await assert.rejects(
        refused,
        (error) => error instanceof ChatError && error.code === "PERMISSION_DENIED",
      );
      const controller = new AbortController();
      const aborted = call(client, { signal: controller.signal });
      controller.abort();
      await assert.rejects(aborted, (error) => error instanceof ChatError && error.code === "ABORTED");
    });
  }

  it("there is a call for each that the protocol has", () => {
    const tested = new Set<number>(calls.map(([type]) => type));
    const elsewhere = new Set<number>([
      PacketType.REGISTER_REQUEST,
      PacketType.LOGIN_REQUEST,
      PacketType.LOGOUT_REQUEST,
      PacketType.PUBLISH_REQUEST,
      PacketType.EDIT_MESSAGE_REQUEST,
      PacketType.DELETE_MESSAGE_REQUEST,
      PacketType.REACT_REQUEST,
      PacketType.WHISPER_REQUEST,
    ]);
    const missing = PACKETS.filter(
      ({ type }) => isRequest(type) && !tested.has(type) && !elsewhere.has(type),
    );
    assert.deepEqual(
      missing.map(({ type }) => PacketType[type]),
      [],
    );
  });
});
