import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ChatError } from "../../client/index.ts";
import { LOBBY, NOW_MS, said } from "./testing/fake-port.ts";
import { openEntered, openSession } from "./testing/session-rig.ts";

/** What promises do after an answer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

describe("a chat session", () => {
  it("begins with where one is and what was said lately, then what came meanwhile", async () => {
    const { fake, session, lines } = openSession();
    fake.answer("history", () => {
      fake.tellMessage(said(11, "sora", "while you came in"));
      return { messages: [said(10, "jun", "earlier")], more: true };
    });
    await session.enter("mina", LOBBY);
    assert.deepEqual(lines, [
      "-- you are mina on test:9000; /help lists the commands",
      "T jun: earlier",
      "T sora: while you came in",
    ]);
  });

  it("says what is typed, and shows it when the server has it", async () => {
    const { fake, session, lines } = await openEntered();
    await session.onLine("hello");
    assert.deepEqual([lines, fake.calls], [[], ["publish 1,hello,{}"]]);
    fake.tellMessage(said(12, "mina", "hello"), true);
    assert.deepEqual(lines, ["T mina: hello"]);
  });

  it("keeps a message pending until it is acknowledged", async () => {
    const { fake, session } = await openEntered(true);
    const { lobby } = session.conversations;
    let offset = 100;
    fake.answer("publish", () => ({ roomId: 1, offset: offset++, timeMs: NOW_MS }));
    await session.onLine("hello");
    await session.onLine("hello");
    assert.equal(lobby.pending.length, 2);
    await settle();
    // Acknowledged, and shown as soon as what came before is.
    assert.deepEqual(
      lobby.pending.map((pending) => pending.offset),
      [100, 101],
    );
    fake.tellMessage(said(100, "mina", "hello"), true);
    assert.deepEqual(
      lobby.pending.map((pending) => pending.offset),
      [101],
    );
    fake.tellMessage(said(101, "mina", "hello"), true);
    assert.equal(lobby.pending.length, 0);
  });

  it("says what was not sent, and is pending no more", async () => {
    const { fake, session, lines } = await openEntered(true);
    fake.refuse("publish", "SLOW_MODE", "slow mode", 3000);
    await session.onLine("hello");
    await settle();
    assert.deepEqual(session.conversations.lobby.pending, []);
    assert.deepEqual(lines, ["!! not sent (slow mode; wait 3.0 s): hello"]);
  });

  it("whispers, answers, and says when nobody hears it", async () => {
    const { fake, session, lines } = await openEntered();
    await session.onLine("/w jun psst");
    fake.tellWhisper("jun", said(1, "mina", "psst"), true);
    fake.tellWhisper("jun", said(2, "jun", "\u001b[2Jwhat?"));
    await session.onLine("/r nothing");
    fake.refuse("whisper", "USER_NOT_FOUND", "no user has this name");
    await session.onLine("/w nobody psst");
    await settle();
    assert.deepEqual(fake.calls, ["whisper jun,psst,{}", "whisper jun,nothing,{}", "whisper nobody,psst,{}"]);
    assert.deepEqual(lines, [
      "T you whisper to jun: psst",
      "T jun whispers: �[2Jwhat?",
      "!! not sent (no user has this name): /w nobody psst",
    ]);
    assert.equal(session.refusedCount, 1);
  });

  it("says what is typed in a direct conversation to the other one", async () => {
    const { fake, session } = await openEntered();
    await session.onLine("/go @jun");
    await session.onLine("hello");
    assert.deepEqual(fake.calls, ["whisper jun,hello,{}"]);
  });

  it("shows answers, edits, deletions and reactions", async () => {
    const { fake, lines } = await openEntered();
    fake.tellMessage(said(11, "jun", "first"));
    fake.tellMessage(said(12, "sora", "second", { replyTo: 11 }));
    const change = { roomId: 1, room: "lobby", timeMs: NOW_MS, isOwn: false, isMissed: false, direct: false };
    fake.tell({
      type: "edited",
      text: "1st",
      sender: "jun",
      offset: 13,
      target: 11,
      mentionsMe: false,
      ...change,
    });
    fake.tell({
      type: "reaction",
      reaction: "👍",
      added: true,
      sender: "sora",
      offset: 14,
      target: 11,
      ...change,
    });
    fake.tell({ type: "deleted", sender: "jun", offset: 15, target: 11, ...change });
    assert.deepEqual(lines, [
      "T jun: first",
      "T sora (to jun: first): second",
      "T jun edited #11: 1st",
      "T sora reacts 👍 to jun: 1st",
      "T jun deleted #11",
    ]);
  });

  it("asks the server what a second reaction makes of a message", async () => {
    const { fake, session } = await openEntered();
    const one = { reaction: "👍", count: 1, isMine: false };
    fake.tellMessage(said(11, "jun", "first", { reactions: [one] }));
    const now = said(11, "jun", "first", { reactions: [{ ...one, count: 2 }], asOf: 13 });
    fake.answer("history", () => ({ messages: [now], more: true }));
    const change = { roomId: 1, room: "lobby", timeMs: NOW_MS, isOwn: false, isMissed: false, direct: false };
    fake.tell({
      type: "reaction",
      reaction: "👍",
      added: true,
      sender: "sora",
      offset: 13,
      target: 11,
      ...change,
    });
    await settle();
    assert.deepEqual(fake.calls, ['history 1,{"after":10,"limit":1}']);
    assert.equal(session.conversations.lobby.find(11)?.reactions[0]?.count, 2);
    // What is in the page already changes nothing.
    fake.tell({
      type: "reaction",
      reaction: "🎉",
      added: true,
      sender: "sora",
      offset: 12,
      target: 11,
      ...change,
    });
    assert.equal(session.conversations.lobby.find(11)?.reactions.length, 1);
  });

  it("goes to a room and back", async () => {
    const { fake, session, lines } = await openEntered();
    await session.onLine("/join games");
    await session.onLine("anybody?");
    fake.tellMessage(said(12, "jun", "in the lobby"));
    await session.onLine("/rooms");
    await session.onLine("/leave");
    await session.onLine("/leave");
    assert.ok(fake.calls.includes("publish 5,anybody?,{}"));
    assert.ok(fake.calls.includes('leaveRoom 5,{"giveUp":false}'));
    assert.deepEqual(lines, [
      "-- you are in games now, with 1 other",
      "T [lobby] jun: in the lobby",
      "--   1 lobby, 1 unread",
      "-- * 2 games",
      "-- you have left games and are in lobby",
      "!! the lobby is where everybody is; /quit leaves the server: /leave [--give-up]",
    ]);
  });

  it("is in the lobby when it is taken out of a room", async () => {
    const { fake, session, lines } = await openEntered();
    await session.onLine("/join games");
    lines.length = 0;
    fake.tell({ type: "roomClosed", roomId: 5, room: "games", cause: "kicked", detail: "enough" });
    assert.deepEqual(lines, ["!! you were taken out of games: enough", "-- you are in lobby"]);
    await session.onLine("where am I?");
    assert.equal(fake.calls.at(-1), "publish 1,where am I?,{}");
  });

  it("hears that it may not speak, and that it may again", async () => {
    const { fake, lines } = await openEntered();
    lines.length = 0;
    const mute = { type: "muted", roomId: 5, room: "games", isMuted: true, untilMs: 0, by: "jun" } as const;
    const untilMs = new Date(2026, 2, 9, 9, 5).getTime();
    fake.tell({ ...mute, reason: "too loud" });
    fake.tell({ ...mute, roomId: 0, room: "", untilMs, reason: "" });
    fake.tell({ ...mute, isMuted: false, reason: "" });
    fake.tell({ ...mute, roomId: 0, room: "", isMuted: false, reason: "" });
    assert.deepEqual(lines, [
      "!! jun muted you in games, until it is taken back: too loud",
      "!! jun muted you, until 2026-03-09 09:05",
      "-- you may write in games again",
      "-- you may write again",
    ]);
  });

  it("counts what is unread, and mentions, until it is read here or elsewhere", async () => {
    const { fake, session } = await openEntered(true);
    await session.onLine("/join games");
    const { lobby } = session.conversations;
    fake.tellMessage(said(12, "jun", "one"));
    fake.tellMessage(said(13, "jun", "@mina", { mentionsMe: true }));
    fake.tellMessage(said(14, "mina", "mine"), true);
    assert.deepEqual([lobby.unreadCount, lobby.mentionCount], [2, 1]);
    fake.tell({ type: "read", roomId: 1, room: "lobby", offset: 14, direct: false });
    assert.deepEqual([lobby.unreadCount, lobby.mentionCount], [0, 0]);
  });

  it("tells once that the connection is lost, what waits, and that it is back", async () => {
    const { fake, session, lines } = await openEntered();
    fake.pendingCount = 1;
    const offline = { name: "offline", retryInMs: 500, why: "reset", disconnectCode: undefined } as const;
    fake.tell({ type: "state", state: offline });
    fake.tell({ type: "state", state: { name: "connecting" } });
    fake.tell({ type: "state", state: offline });
    fake.refuse("listUsers", "OFFLINE", "there is no connection now");
    await session.onLine("/who");
    fake.tell({ type: "state", state: { name: "online", user: "mina", server: "test:9000" } });
    assert.deepEqual(lines, [
      "!! connection lost: reset; trying again in 0.5 s (1 message waiting)",
      "!! /who: there is no connection now",
      "-- connected again; sending 1 message that waited",
    ]);
  });

  it("says that messages were lost", async () => {
    const { fake, lines } = await openEntered();
    const room = { roomId: 2, previousRoomId: 1, room: "lobby" };
    fake.tell({ type: "resumed", recovered: false, replayedCount: 0, ...room });
    fake.tell({ type: "gap", roomId: 2, room: "lobby", fromOffset: 3, toOffset: 8 });
    assert.deepEqual(lines, [
      "!! what was said in lobby meanwhile could not all be fetched",
      "!! messages 3 to 8 of lobby were left out; /history shows what there is",
    ]);
  });

  it("ends when the server ends it, and says why", async () => {
    const { fake, lines, isEnded } = await openEntered();
    const error = new ChatError("DISCONNECTED", "KICKED: said so", { disconnectCode: "KICKED" });
    fake.tell({ type: "state", state: { name: "closed", error, disconnectCode: "KICKED" } });
    assert.deepEqual(lines, ["!! the server has ended this session: KICKED: said so"]);
    assert.ok(isEnded());
  });

  it("ends at /quit", async () => {
    const { session, isEnded } = await openEntered();
    await session.onLine("/quit");
    assert.ok(isEnded());
  });

  it("shows the day when it is another", async () => {
    const { fake, lines } = await openEntered();
    fake.tellMessage(said(12, "jun", "a day later", { timeMs: NOW_MS + 86_400_000 }));
    assert.match(lines[0] ?? "", /^-- 2023-11-\d\d --$/);
    assert.equal(lines.length, 2);
  });
});
