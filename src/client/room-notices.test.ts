import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../protocol/codes.ts";
import { RoomClosedNotice_Cause, RoomRole } from "../protocol/generated/portico/v1/portico_pb.js";
import { type ClientRig, openOnline, reconnect } from "./testing/client-rig.ts";
import { LOBBY } from "./testing/scripted-server.ts";

async function openInGames(): Promise<ClientRig> {
  const rig = await openOnline();
  const joining = rig.client.joinRoom("games");
  const { requestId } = rig.server.current.take(PacketType.JOIN_ROOM_REQUEST).body;
  const room = { ...LOBBY, roomId: 5, name: "games", role: RoomRole.MODERATOR };
  rig.server.current.deliver(PacketType.JOIN_ROOM_RESPONSE, { requestId, room });
  await joining;
  rig.told.length = 0;
  return rig;
}

describe("notices", () => {
  it("tell who came and went, each name by itself and not this user's, and count", async () => {
    const { client, server, told } = await openInGames();
    server.current.deliver(PacketType.USER_JOINED_NOTICE, { roomId: 5, names: ["jun", "mina", "sora"] });
    server.current.deliver(PacketType.USER_LEFT_NOTICE, { roomId: 5, names: ["jun"] });
    assert.deepEqual(told, [
      { type: "userJoined", roomId: 5, room: "games", name: "jun" },
      { type: "userJoined", roomId: 5, room: "games", name: "sora" },
      { type: "userLeft", roomId: 5, room: "games", name: "jun" },
    ]);
    assert.equal(client.rooms[1]?.memberCount, 3);
    server.current.deliver(PacketType.MEMBER_COUNT_NOTICE, { roomId: 5, memberCount: 500 });
    assert.equal(client.rooms[1]?.memberCount, 500);
    assert.deepEqual(told.at(-1), { type: "memberCount", roomId: 5, room: "games", memberCount: 500 });
  });

  it("tell a room's settings as they are now, and keep the role unless it changed", async () => {
    const { client, server, told } = await openInGames();
    const room = { ...LOBBY, roomId: 5, name: "chess", topic: "openings", slowModeMs: 3000 };
    server.current.deliver(PacketType.ROOM_UPDATED_NOTICE, { room });
    assert.deepEqual(
      [client.rooms[1]?.name, client.rooms[1]?.topic, client.rooms[1]?.slowModeMs, client.rooms[1]?.role],
      ["chess", "openings", 3000, "moderator"],
    );
    server.current.deliver(PacketType.ROOM_UPDATED_NOTICE, { room: { ...room, role: RoomRole.OWNER } });
    assert.equal(client.rooms[1]?.role, "owner");
    assert.deepEqual(
      told.map((event) => event.type === "roomUpdated" && [event.room, event.hasNewRole]),
      [
        ["chess", false],
        ["chess", true],
      ],
    );
  });

  it("end a room, which is not joined again", async () => {
    const rig = await openInGames();
    rig.server.current.deliver(PacketType.ROOM_CLOSED_NOTICE, {
      roomId: 5,
      cause: RoomClosedNotice_Cause.BANNED,
      detail: "spam",
    });
    assert.deepEqual(rig.told, [
      { type: "roomClosed", roomId: 5, room: "games", cause: "banned", detail: "spam" },
    ]);
    rig.server.current.notice(11, "jun", "unheard", 5);
    assert.deepEqual(rig.messages(), []);
    reconnect(rig);
    rig.server.current.welcome();
    assert.deepEqual(rig.server.current.waitingTypes, []);
  });

  it("tell of typing, of read markers, of invitations and of mutes", async () => {
    const { client, server, told, environment } = await openInGames();
    server.current.deliver(PacketType.TYPING_NOTICE, { roomId: 5, name: "jun" });
    server.current.deliver(PacketType.READ_NOTICE, { roomId: 5, offset: 7 });
    server.current.deliver(PacketType.INVITED_NOTICE, { roomId: 6, room: "secret", by: "jun" });
    const mute = { roomId: 5, room: "games", untilMs: 9000n, reason: "loud", by: "jun" };
    server.current.deliver(PacketType.MUTED_NOTICE, mute);
    server.current.deliver(PacketType.MUTED_NOTICE, { lifted: true, by: "root" });
    assert.deepEqual(told, [
      { type: "typing", roomId: 5, room: "games", direct: false, name: "jun" },
      { type: "read", roomId: 5, room: "games", direct: false, offset: 7 },
      { type: "invited", roomId: 6, room: "secret", by: "jun" },
      { type: "muted", ...mute, untilMs: 9000, isMuted: true },
      { type: "muted", roomId: 0, room: "", untilMs: 0, reason: "", by: "root", isMuted: false },
    ]);
    for (let key = 0; key < 5; key++) client.typing(5);
    environment.advance(2000);
    client.typing(5);
    assert.deepEqual(server.current.waitingTypes, ["TYPING", "TYPING"]);
  });

  it("tell edits, deletions and reactions as such, and who is mentioned", async () => {
    const { server, told } = await openInGames();
    const entry = { roomId: 5, timeMs: 1, sender: "jun" };
    server.current.deliver(PacketType.MESSAGE_NOTICE, {
      ...entry,
      offset: 11,
      text: "hi @Mina!",
      replyTo: 3,
    });
    server.current.deliver(PacketType.MESSAGE_NOTICE, {
      ...entry,
      offset: 12,
      kind: 1,
      target: 11,
      text: "hi",
    });
    server.current.deliver(PacketType.MESSAGE_NOTICE, {
      ...entry,
      offset: 13,
      kind: 3,
      target: 11,
      text: "+1",
    });
    server.current.deliver(PacketType.MESSAGE_NOTICE, {
      ...entry,
      offset: 14,
      kind: 4,
      target: 11,
      text: "+1",
    });
    server.current.deliver(PacketType.MESSAGE_NOTICE, { ...entry, offset: 15, kind: 2, target: 11 });
    assert.deepEqual(
      told.map((event) => {
        switch (event.type) {
          case "message":
            return [event.offset, "message", event.mentionsMe, event.replyTo];
          case "edited":
            return [event.offset, "edited", event.mentionsMe, event.target, event.text];
          case "reaction":
            return [event.offset, event.reaction, event.added];
          default:
            return [event.type];
        }
      }),
      [
        [11, "message", true, 3],
        [12, "edited", false, 11, "hi"],
        [13, "+1", true],
        [14, "+1", false],
        ["deleted"],
      ],
    );
  });
});
