import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode, PacketType } from "../../../src/protocol/codes.ts";
import {
  RoomClosedNotice_Cause,
  RoomKind,
  RoomRole,
} from "../../../src/protocol/generated/portico/v1/portico_pb.js";
import { PageServer } from "./testing/page-server.ts";
import { openRig, openSignedIn, type StateRig, welcome } from "./testing/state-rig.ts";

const MINE = 2;
const DIRECT = 3;

/** mina is a member of "team" (50 messages, 40 read) and has been whispered to by jun. */
function busyServer(): PageServer {
  const server = new PageServer();
  const team = server.addRoom(5, "team", 50);
  const direct = server.addRoom(9, "@jun", 3);
  server.lists.set(MINE, [
    {
      roomId: team.roomId,
      name: "team",
      kind: RoomKind.LOGGED,
      role: RoomRole.MEMBER,
      epoch: "e1",
      lastOffset: 50,
      readOffset: 40,
      unreadCount: 10,
      mentionCount: 1,
    },
  ]);
  server.lists.set(DIRECT, [
    {
      roomId: direct.roomId,
      name: "jun",
      kind: RoomKind.DIRECT,
      epoch: "e1",
      lastOffset: 3,
      lastTimeMs: 77,
      readOffset: 1,
      unreadCount: 2,
      mentionCount: 0,
    },
  ]);
  return server;
}

function roomOf(rig: StateRig, name: string) {
  const room = rig.store.slices.sideList.get().rooms.find((known) => known.name === name);
  assert.ok(room !== undefined, `there is a room ${name}`);
  return room;
}

function counts(rig: StateRig): string[] {
  const { rooms, conversations } = rig.store.slices.sideList.get();
  return [
    ...rooms.map(({ name, unreadCount, mentionCount }) => `#${name} ${unreadCount}/${mentionCount}`),
    ...conversations.map(({ peer, unreadCount }) => `@${peer} ${unreadCount}`),
  ];
}

describe("places", () => {
  it("are listed with what is unread, and their rooms joined", async () => {
    const rig = await openSignedIn({ server: busyServer() });
    assert.deepEqual(counts(rig), ["#lobby 0/0", "#team 10/1", "@jun 2"]);
    assert.equal(roomOf(rig, "team").isJoined, true);
    rig.host.environment.advance(500);
    assert.equal(rig.host.title, "(12) #lobby · Portico");
    const [conversation] = rig.store.slices.sideList.get().conversations;
    assert.equal(conversation?.presence, "online");
  });

  it("open where the unread messages begin, and are read when they are looked at", async () => {
    const rig = await openSignedIn({ server: busyServer() });
    rig.host.attend(false);
    rig.store.actions.openPlace(roomOf(rig, "team").key);
    await rig.settle();
    const timeline = rig.store.slices.timeline.get();
    assert.equal(timeline?.items[timeline.jump?.index ?? -1]?.type, "unread");
    assert.equal(rig.lines().indexOf("| unread"), rig.lines().indexOf("jun: old 41") - 1);
    rig.store.actions.markVisible(45);
    rig.host.environment.advance(2000);
    await rig.settle();
    assert.deepEqual(rig.server.asksOf("MARK_READ_REQUEST"), [], "nobody looks");
    rig.host.attend(true);
    rig.store.actions.markVisible(50);
    rig.host.environment.advance(2000);
    await rig.settle();
    assert.deepEqual(
      rig.server.asksOf("MARK_READ_REQUEST").map(({ roomId, offset }) => [roomId, offset]),
      [[5, 50n]],
    );
    assert.deepEqual(counts(rig), ["#lobby 0/0", "#team 0/0", "@jun 2"]);
    assert.ok(rig.lines().includes("| unread"), "the line stays as long as the place is open");
  });

  it("count what is said meanwhile, and what another session of the user has read", async () => {
    const rig = await openSignedIn({ server: busyServer() });
    rig.server.say(5, "ada", "hi @mina");
    rig.server.say(5, "ada", "and all");
    rig.server.whisper(9, "jun", "mina", "psst");
    rig.server.addRoom(11, "@ada");
    rig.server.whisper(11, "ada", "mina", "new");
    await rig.settle();
    assert.deepEqual(counts(rig), ["#lobby 0/0", "#team 12/2", "@jun 3", "@ada 1"]);
    rig.server.connection.deliver(PacketType.READ_NOTICE, { roomId: 5, offset: 51 });
    await rig.settle();
    assert.deepEqual(counts(rig), ["#lobby 0/0", "#team 1/0", "@jun 3", "@ada 1"]);
    rig.store.actions.markRead(roomOf(rig, "team").key);
    await rig.settle();
    assert.deepEqual(counts(rig)[1], "#team 0/0");
  });

  it("keep what was counted when the lists come again after a reconnect", async () => {
    const rig = await openSignedIn({ server: busyServer() });
    const team = rig.server.room(5);
    rig.server.append(team, "ada", "missed");
    const [listed] = rig.server.lists.get(MINE) ?? [];
    rig.server.lists.set(MINE, [{ ...listed, lastOffset: 51, unreadCount: 11 }]);
    await rig.reconnect();
    rig.server.say(5, "ada", "live");
    await rig.settle();
    assert.deepEqual(counts(rig).slice(0, 2), ["#lobby 0/0", "#team 12/1"]);
  });

  it("go on without a gap after a reconnect", async () => {
    const rig = await openSignedIn({ server: busyServer() });
    rig.store.actions.openPlace(roomOf(rig, "team").key);
    await rig.settle();
    rig.server.append(rig.server.room(5), "ada", "missed");
    await rig.reconnect();
    rig.server.say(5, "ada", "live");
    await rig.settle();
    assert.deepEqual(rig.lines().slice(-3), ["jun: old 50", "ada: missed", "ada: live"]);
    assert.equal(rig.store.slices.connection.get().isCatchingUp, false);
  });

  it("load from history what the server left out", async () => {
    const rig = await openSignedIn({ server: busyServer() });
    rig.store.actions.openPlace(roomOf(rig, "team").key);
    await rig.settle();
    for (let count = 0; count < 5; count++) rig.server.append(rig.server.room(5), "ada", `skipped ${count}`);
    rig.server.connection.deliver(PacketType.ROOM_GAP_NOTICE, { roomId: 5, fromOffset: 51, toOffset: 55 });
    rig.server.say(5, "ada", "after");
    await rig.settle();
    assert.deepEqual(rig.lines().slice(-6), [
      "ada: skipped 0",
      "ada: skipped 1",
      "ada: skipped 2",
      "ada: skipped 3",
      "ada: skipped 4",
      "ada: after",
    ]);
    assert.equal(rig.store.slices.timeline.get()?.hasNewer, false);
  });

  it("begin again when a room was made anew", async () => {
    const rig = await openSignedIn();
    rig.server.say(1, "jun", "before");
    await rig.settle();
    const lobby = rig.server.room(1);
    lobby.epoch = "e2";
    lobby.log = [];
    await rig.reconnect();
    rig.server.say(1, "jun", "after");
    await rig.settle();
    assert.deepEqual(rig.lines(), ["| day", "jun: after"]);
    assert.ok(rig.store.slices.notices.get().some(({ code }) => code === "roomMadeAnew"));
  });

  it("jump to a message that is far away, and back to the newest", async () => {
    const server = busyServer();
    const team = server.room(5);
    for (let count = 51; count <= 1000; count++) server.append(team, "jun", `old ${count}`);
    const rig = await openSignedIn({ server });
    rig.store.actions.jumpTo(roomOf(rig, "team").key, 300);
    await rig.settle();
    const timeline = rig.store.slices.timeline.get();
    assert.equal(timeline?.items[timeline.jump?.index ?? -1]?.key, "m:300");
    assert.equal(timeline?.jump?.highlightKey, "m:300");
    assert.equal(timeline.hasNewer, true);
    assert.equal(timeline.hasOlder, true);
    rig.store.actions.send("here");
    await rig.settle();
    assert.equal(rig.lines().at(-1), "mina: here");
    assert.equal(rig.store.slices.timeline.get()?.hasNewer, false);
  });

  it("stay bounded: what is far from what is looked at is dropped, and loaded again", async () => {
    const server = busyServer();
    const team = server.room(5);
    for (let count = 51; count <= 6000; count++) server.append(team, "jun", `old ${count}`);
    server.lists.set(MINE, []);
    const rig = await openSignedIn({ server });
    await Promise.all([rig.store.actions.join("team"), rig.settle()]);
    let before = rig.store.slices.timeline.get()?.items.length ?? 0;
    for (let round = 0; round < 30; round++) {
      const first = rig.messages()[0]?.offset ?? 0;
      rig.store.actions.markVisible(first + 5);
      rig.store.actions.loadOlder();
      await rig.settle();
      const timeline = rig.store.slices.timeline.get();
      assert.ok((timeline?.items.length ?? 0) < 2400);
      before = Math.max(before, timeline?.items.length ?? 0);
    }
    assert.ok(before > 2000);
    const timeline = rig.store.slices.timeline.get();
    assert.equal(timeline?.hasNewer, true);
    rig.store.actions.jumpToNewest();
    await rig.settle();
    assert.equal(rig.lines().at(-1), "jun: old 6000");
  });

  it("change one end of the rows at a time", async () => {
    const server = busyServer();
    const team = server.room(5);
    for (let count = 51; count <= 400; count++) server.append(team, "jun", `old ${count}`);
    server.lists.set(MINE, []);
    const rig = await openSignedIn({ server });
    await Promise.all([rig.store.actions.join("team"), rig.settle()]);
    const changes: string[] = [];
    rig.store.slices.timeline.subscribe(() => {
      const change = rig.store.slices.timeline.get()?.change;
      if (change !== undefined && change !== "none") changes.push(change);
    });
    rig.store.actions.loadOlder();
    await rig.server.settle();
    rig.server.say(5, "ada", "meanwhile");
    await rig.settle();
    assert.deepEqual(changes, ["head", "tail"]);
  });

  it("are left, given up, kicked out of", async () => {
    const rig = await openSignedIn({ server: busyServer() });
    const { key } = roomOf(rig, "team");
    rig.store.actions.openPlace(key);
    await rig.settle();
    rig.server.connection.deliver(PacketType.ROOM_CLOSED_NOTICE, {
      roomId: 5,
      cause: RoomClosedNotice_Cause.KICKED,
      detail: "calm down",
    });
    await rig.settle();
    assert.equal(rig.store.slices.place.get()?.title, "lobby");
    assert.equal(rig.store.slices.notices.get()[0]?.code, "roomKicked");
    assert.equal(roomOf(rig, "team").isJoined, false, "a member may come back");
    rig.store.actions.openPlace(key);
    await rig.settle();
    assert.equal(rig.store.slices.place.get()?.state, "ready");
    assert.equal(rig.lines().at(-1), "jun: old 50");
    const left = rig.store.actions.leave(key, true);
    await rig.settle();
    assert.deepEqual(await left, { ok: true });
    assert.deepEqual(counts(rig), ["#lobby 0/0", "@jun 2"]);
  });

  it("say why they cannot be opened, and can be tried again", async () => {
    const server = busyServer();
    server.refusals.set(PacketType.JOIN_ROOM_REQUEST, [
      { code: ErrorCode.BANNED, retryAfterMs: 60_000 },
      { code: ErrorCode.BANNED, retryAfterMs: 60_000 },
    ]);
    const rig = await openSignedIn({ server });
    const { key } = roomOf(rig, "team");
    rig.store.actions.openPlace(key);
    await rig.settle();
    const place = rig.store.slices.place.get();
    assert.equal(place?.state, "failed");
    assert.equal(place?.failure?.code, "BANNED");
    assert.equal(rig.store.slices.composer.get()?.block?.reason, "notJoined");
    rig.store.actions.openPlace(key);
    await rig.settle();
    assert.equal(rig.store.slices.place.get()?.state, "ready");
  });

  it("make room when this session is in too many rooms", async () => {
    const rig = await openSignedIn({ server: busyServer() });
    rig.server.refusals.set(PacketType.JOIN_ROOM_REQUEST, [{ code: ErrorCode.TOO_MANY_ROOMS }]);
    const done = rig.store.actions.join("other");
    await rig.settle();
    assert.deepEqual(await done, { ok: true });
    assert.equal(rig.store.slices.place.get()?.title, "other");
    assert.equal(roomOf(rig, "team").isJoined, false);
    assert.deepEqual(
      rig.server.asksOf("LEAVE_ROOM_REQUEST").map(({ roomId, giveUp }) => [roomId, giveUp]),
      [[5, false]],
    );
  });

  it("open by the address, as soon as they are known", async () => {
    const rig = openRig({ server: busyServer() });
    rig.store.openAddress({ kind: "room", name: "Team" });
    const done = rig.store.actions.login({ name: "mina", password: "correct horse", remember: false });
    welcome(rig.server);
    await done;
    assert.equal(rig.store.isSeeking, true);
    await rig.settle();
    assert.equal(rig.store.slices.place.get()?.title, "team");
    assert.equal(rig.store.isSeeking, false);
    assert.deepEqual(rig.store.address, { kind: "room", name: "team" });
    rig.store.openAddress(undefined);
    await rig.settle();
    assert.equal(rig.store.slices.place.get(), undefined);
    rig.store.openAddress({ kind: "direct", name: "jun" }, 2);
    await rig.settle();
    assert.equal(rig.store.slices.timeline.get()?.jump?.highlightKey, "m:2");
  });

  it("take a first whisper, and remember where it went", async () => {
    const rig = await openSignedIn();
    rig.store.actions.openDirect("ada");
    await rig.settle();
    assert.equal(rig.store.slices.timeline.get()?.isEmpty, false);
    rig.store.actions.send("hello ada");
    await rig.settle();
    assert.deepEqual(rig.lines(), ["| day", "mina: hello ada"]);
    const { roomId = 0 } = rig.store.slices.place.get() ?? {};
    assert.ok(roomId > 0);
    rig.server.whisper(roomId, "ada", "mina", "hello mina");
    await rig.settle();
    assert.equal(rig.lines().at(-1), "ada: hello mina");
  });

  it("tell those who do not look of whispers and mentions, if they want it", async () => {
    const rig = await openSignedIn({ server: busyServer() });
    rig.host.attend(false);
    rig.server.whisper(9, "jun", "mina", "unheard");
    rig.store.actions.requestNotifications();
    await rig.settle();
    assert.equal(rig.store.slices.preferences.get().notifications, "on");
    rig.server.whisper(9, "jun", "mina", "psst\nhere");
    rig.server.say(5, "ada", "nothing for anybody");
    rig.server.say(5, "ada", "@mina look");
    rig.host.attend(true);
    rig.server.say(5, "ada", "@mina again");
    await rig.settle();
    assert.deepEqual(
      rig.host.notifications.map(({ title, body }) => [title, body]),
      [
        ["jun", "psst here"],
        ["ada · team", "@mina look"],
      ],
    );
    rig.host.notifications[1]?.onClick();
    await rig.settle();
    assert.equal(rig.store.slices.place.get()?.title, "team");
  });
});
