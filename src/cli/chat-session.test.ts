import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DisconnectCode, ErrorCode, PacketType } from "../protocol/codes.ts";
import { type ClientRig, openOnline, reconnect } from "../client/testing/client-rig.ts";
import { LOBBY, type ScriptedConnection } from "../client/testing/scripted-server.ts";
import { ChatSession } from "./chat-session.ts";
import { clockTime, plain } from "./line-format.ts";

interface SessionRig extends ClientRig {
  readonly session: ChatSession;
  readonly lines: string[];
  readonly prompt: () => string;
  readonly isEnded: () => boolean;
  readonly connection: () => ScriptedConnection;
}

/** All times are told at one moment, shown as T. */
const NOW_MS = 1_700_000_000_000;

async function openSession(): Promise<SessionRig> {
  const rig = await openOnline();
  const lines: string[] = [];
  let prompt = "";
  let isEnded = false;
  const session = new ChatSession({
    client: rig.client,
    screen: {
      colors: plain,
      show: (line) => lines.push(line.replace(clockTime(NOW_MS), "T")),
      setPrompt: (text) => {
        prompt = text;
      },
    },
    nowMs: () => NOW_MS,
    onEnd: () => {
      isEnded = true;
    },
  });
  const connection = (): ScriptedConnection => rig.server.current;
  const entering = session.enter("mina", LOBBY);
  const { requestId } = connection().take(PacketType.HISTORY_REQUEST).body;
  notice(connection(), 11, "sora", "while you came in");
  connection().deliver(PacketType.HISTORY_RESPONSE, {
    requestId,
    messages: [{ roomId: 1, offset: 10, timeMs: NOW_MS, sender: "jun", text: "earlier" }],
  });
  await entering;
  return { ...rig, session, lines, prompt: () => prompt, isEnded: () => isEnded, connection };
}

function notice(
  connection: ScriptedConnection,
  offset: number,
  sender: string,
  text: string,
  roomId = 1,
): void {
  connection.deliver(PacketType.MESSAGE_NOTICE, { roomId, offset, timeMs: NOW_MS, sender, text });
}

/** What the promises of the client do after a packet. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

async function openEntered(): Promise<SessionRig> {
  const rig = await openSession();
  rig.lines.length = 0;
  return rig;
}

describe("a chat session", () => {
  it("begins with where one is and what was said lately, then what came meanwhile", async () => {
    const { lines, prompt } = await openSession();
    assert.deepEqual(lines, [
      "-- you are mina on test:9000; /help lists the commands",
      "T jun: earlier",
      "T sora: while you came in",
    ]);
    assert.equal(prompt(), "lobby> ");
  });

  it("says what is typed, and shows it when the server has it", async () => {
    const { session, lines, connection } = await openEntered();
    await session.onLine("hello");
    assert.deepEqual(lines, []);
    const { requestId, text } = connection().take(PacketType.PUBLISH_REQUEST).body;
    assert.equal(text, "hello");
    connection().deliver(PacketType.PUBLISH_RESPONSE, { requestId, offset: 12, timeMs: NOW_MS });
    assert.deepEqual(lines, ["T mina: hello"]);
  });

  it("whispers, and says when nobody hears it", async () => {
    const { session, lines, connection } = await openEntered();
    await session.onLine("/w jun psst");
    await session.onLine("/w nobody psst");
    const [first, second] = [1, 2].map(() => connection().take(PacketType.WHISPER_REQUEST).body);
    connection().deliver(PacketType.WHISPER_RESPONSE, {
      requestId: first?.requestId,
      offset: 1,
      timeMs: NOW_MS,
    });
    connection().deliver(PacketType.WHISPER_RESPONSE, {
      requestId: second?.requestId,
      code: ErrorCode.USER_NOT_FOUND,
      detail: "no user has this name",
    });
    connection().deliver(PacketType.WHISPER_NOTICE, {
      from: "jun",
      to: "mina",
      offset: 2,
      timeMs: NOW_MS,
      text: "\u001b[2Jwhat?",
    });
    await settle();
    assert.deepEqual(lines, [
      "T you whisper to jun: psst",
      "T jun whispers: �[2Jwhat?",
      "!! not sent (no user has this name): /w nobody psst",
    ]);
    assert.equal(session.refusedCount, 1);
  });

  it("lists who is there, all pages of it", async () => {
    const { session, lines, connection } = await openEntered();
    const asking = session.onLine("/who");
    const first = connection().take(PacketType.USER_LIST_REQUEST).body;
    connection().deliver(PacketType.USER_LIST_RESPONSE, {
      requestId: first.requestId,
      names: ["jun", "mina"],
      total: 3,
      more: true,
    });
    await settle();
    const second = connection().take(PacketType.USER_LIST_REQUEST).body;
    assert.equal(second.after, "mina");
    connection().deliver(PacketType.USER_LIST_RESPONSE, {
      requestId: second.requestId,
      names: ["sora"],
      total: 3,
    });
    await asking;
    assert.deepEqual(lines, ["-- 3 in lobby: jun, mina, sora"]);
  });

  it("goes to a room and back", async () => {
    const { session, lines, connection, prompt } = await openEntered();
    const joining = session.onLine("/join games");
    const join = connection().take(PacketType.JOIN_ROOM_REQUEST).body;
    connection().deliver(PacketType.JOIN_ROOM_RESPONSE, {
      requestId: join.requestId,
      room: { ...LOBBY, roomId: 5, name: "games", memberCount: 1 },
    });
    await joining;
    assert.equal(prompt(), "games> ");
    await session.onLine("anybody?");
    assert.equal(connection().take(PacketType.PUBLISH_REQUEST).body.roomId, 5);
    notice(connection(), 12, "jun", "in the lobby");
    await session.onLine("/rooms");
    const leaving = session.onLine("/leave");
    const leave = connection().take(PacketType.LEAVE_ROOM_REQUEST).body;
    connection().deliver(PacketType.LEAVE_ROOM_RESPONSE, { requestId: leave.requestId });
    await leaving;
    assert.equal(prompt(), "lobby> ");
    await session.onLine("/leave");
    assert.deepEqual(lines, [
      "-- you are in games now, with 0 others",
      "T [lobby] jun: in the lobby",
      "--   lobby",
      "-- * games",
      "-- you have left games and are in the lobby",
      "!! the lobby is where everybody is; /quit leaves the server",
    ]);
  });

  it("tells once that the connection is lost, what waits, and that it is back", async () => {
    const rig = await openEntered();
    await rig.session.onLine("are you there?");
    rig.connection().end("reset");
    assert.match(
      rig.lines[0] ?? "",
      /^!! connection lost: reset; trying again in 0\.\d s \(1 message waiting\)$/,
    );
    assert.equal(rig.prompt(), "lobby, offline, 1 waiting> ");
    rig.environment.advance(1000);
    reconnect(rig);
    await rig.session.onLine("/who");
    rig.connection().welcome({ ...LOBBY, lastOffset: 11 });
    assert.deepEqual(rig.lines.slice(1), [
      "!! /who: there is no connection now",
      "-- connected again; sending 1 message that waited",
    ]);
    assert.equal(rig.prompt(), "lobby> ");
  });

  it("says that messages were lost", async () => {
    const rig = await openEntered();
    reconnect(rig);
    rig.connection().welcome({ ...LOBBY, epoch: "e2", lastOffset: 0, firstOffset: 0 });
    assert.equal(rig.lines.at(-1), "!! what was said in lobby meanwhile could not all be fetched");
  });

  it("ends when the server ends it, and says why", async () => {
    const { connection, lines, isEnded } = await openEntered();
    connection().disconnect(DisconnectCode.KICKED);
    assert.deepEqual(lines, ["!! the server has ended this session: KICKED: said so"]);
    assert.ok(isEnded());
  });

  it("ends at /quit", async () => {
    const { session, isEnded } = await openEntered();
    await session.onLine("/quit");
    assert.ok(isEnded());
  });

  it("shows the day when it is another", async () => {
    const { connection, lines } = await openEntered();
    connection().deliver(PacketType.MESSAGE_NOTICE, {
      roomId: 1,
      offset: 12,
      timeMs: NOW_MS + 86_400_000,
      sender: "jun",
      text: "a day later",
    });
    assert.match(lines[0] ?? "", /^-- 2023-11-\d\d --$/);
    assert.equal(lines.length, 2);
  });
});
