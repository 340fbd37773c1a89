import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode, PacketType } from "../protocol/codes.ts";
import { type ClientRig, openOnline, reconnect } from "./testing/client-rig.ts";
import { LOBBY } from "./testing/scripted-server.ts";

function resumes(rig: ClientRig): string[] {
  return rig.told.flatMap((event) =>
    event.type === "resumed" ? [`${event.recovered ? "recovered" : "lost"} ${event.replayedCount}`] : [],
  );
}

describe("a room's messages", () => {
  it("come live, own ones at their place", async () => {
    const rig = await openOnline();
    rig.server.current.notice(11, "jun");
    void rig.client.publish(1, "mine");
    rig.server.current.acceptPublish(12);
    rig.server.current.notice(13, "jun");
    assert.deepEqual(rig.messages(), ["11 jun m11", "12 mina* mine", "13 jun m13"]);
  });

  it("are not told twice", async () => {
    const rig = await openOnline();
    rig.server.current.notice(11, "jun");
    rig.server.current.notice(11, "jun");
    rig.server.current.notice(9, "jun");
    assert.deepEqual(rig.messages(), ["11 jun m11"]);
  });

  it("wait for what came before them", async () => {
    const rig = await openOnline();
    rig.server.current.notice(13, "jun");
    assert.deepEqual(rig.messages(), []);
    const { after } = rig.server.current.answerHistory([
      [11, "sora"],
      [12, "sora"],
    ]);
    assert.equal(after, 10n);
    assert.deepEqual(rig.messages(), ["11 sora m11", "12 sora m12", "13 jun m13"]);
  });
});

describe("resuming", () => {
  it("tells what was missed, page by page, and holds live messages meanwhile", async () => {
    const rig = await openOnline();
    rig.server.current.notice(11, "jun");
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 14 });
    rig.server.current.notice(15, "jun");
    assert.equal(
      rig.server.current.answerHistory(
        [
          [12, "sora"],
          [13, "sora"],
        ],
        true,
      ).after,
      11n,
    );
    assert.deepEqual(resumes(rig), []);
    rig.server.current.notice(16, "jun");
    assert.equal(rig.server.current.answerHistory([[14, "sora"]]).after, 13n);
    assert.deepEqual(
      rig.messages().map((line) => line.split(" ")[0]),
      ["11", "12", "13", "14", "15", "16"],
    );
    assert.deepEqual(resumes(rig), ["recovered 3"]);
    assert.deepEqual(rig.server.current.waitingTypes, []);
  });

  it("asks for nothing when nothing was missed", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.welcome();
    assert.deepEqual(rig.server.current.waitingTypes, []);
    assert.deepEqual(resumes(rig), ["recovered 0"]);
  });

  it("does not repeat own messages that were acknowledged before the connection broke", async () => {
    const rig = await openOnline();
    void rig.client.publish(1, "mine");
    rig.server.current.acceptPublish(11);
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 12 });
    assert.equal(rig.server.current.answerHistory([[12, "jun"]]).after, 11n);
    assert.deepEqual(rig.messages(), ["11 mina* mine", "12 jun m12"]);
  });

  it("shows an own message whose acknowledgement was lost once, as its own", async () => {
    const rig = await openOnline();
    const receipt = rig.client.publish(1, "m11");
    rig.server.current.take(PacketType.PUBLISH_REQUEST);
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 12 });
    rig.server.current.answerHistory([
      [11, "mina"],
      [12, "jun"],
    ]);
    assert.deepEqual(rig.messages(), [], "it may be ours: only the answer to the resend tells");
    rig.server.current.acceptPublish(11);
    assert.deepEqual(rig.messages(), ["11 mina* m11", "12 jun m12"]);
    assert.equal((await receipt).offset, 11);
    assert.deepEqual(resumes(rig), ["recovered 2"]);
  });

  it("tells a message of the user's other session from its own", async () => {
    const rig = await openOnline();
    const receipt = rig.client.publish(1, "mine");
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 11 });
    rig.server.current.answerHistory([[11, "mina"]]);
    rig.server.current.acceptPublish(12);
    await receipt;
    assert.deepEqual(rig.messages(), ["11 mina m11", "12 mina* mine"]);
  });

  it("takes an own message that the old connection delivered late for its own", async () => {
    const rig = await openOnline();
    const receipt = rig.client.publish(1, "mine");
    reconnect(rig);
    rig.server.current.welcome();
    // The server reads what the broken connection had sent only now: to it, another session's message.
    rig.server.current.notice(11, "mina", "mine");
    rig.server.current.acceptPublish(11);
    assert.equal((await receipt).offset, 11);
    assert.deepEqual(rig.messages(), ["11 mina* mine"]);
  });

  it("says so when the room is another", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, epoch: "e2", lastOffset: 3 });
    assert.deepEqual(resumes(rig), ["lost 0"]);
    rig.server.current.notice(4, "jun");
    assert.deepEqual(rig.messages(), ["4 jun m4"]);
  });

  it("says so when the room has gone back behind what was seen", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 4 });
    assert.deepEqual(resumes(rig), ["lost 0"]);
  });

  it("says so when history does not reach back, and tells what is left of it", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, firstOffset: 20, lastOffset: 21 });
    assert.deepEqual(resumes(rig), ["lost 0"]);
    assert.equal(
      rig.server.current.answerHistory([
        [20, "jun"],
        [21, "jun"],
      ]).after,
      19n,
    );
    assert.deepEqual(rig.messages(), ["20 jun m20", "21 jun m21"]);
    assert.deepEqual(resumes(rig), ["lost 0"]);
  });

  it("says so when history moves on while it is being read", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, firstOffset: 1, lastOffset: 14 });
    rig.server.current.answerHistory([
      [13, "jun"],
      [14, "jun"],
    ]);
    assert.deepEqual(resumes(rig), ["lost 0"]);
    assert.deepEqual(rig.messages(), ["13 jun m13", "14 jun m14"]);
  });

  it("fetches only the newest when too much was missed", async () => {
    const rig = await openOnline({ resumeLimit: 2 });
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 100 });
    assert.deepEqual(resumes(rig), ["lost 0"]);
    assert.equal(rig.server.current.take(PacketType.HISTORY_REQUEST).body.after, 98n);
  });

  it("asks for a page again when the server cannot give it now", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 11 });
    const { requestId } = rig.server.current.take(PacketType.HISTORY_REQUEST).body;
    rig.server.current.deliver(PacketType.HISTORY_RESPONSE, {
      requestId,
      code: ErrorCode.BUSY,
      retryAfterMs: 1000,
    });
    rig.environment.advance(1000);
    rig.server.current.answerHistory([[11, "jun"]]);
    assert.deepEqual(resumes(rig), ["recovered 1"]);
  });

  it("begins where it was when the connection breaks again", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 14 });
    rig.server.current.answerHistory(
      [
        [11, "jun"],
        [12, "jun"],
      ],
      true,
    );
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 15 });
    assert.equal(
      rig.server.current.answerHistory([
        [13, "jun"],
        [14, "jun"],
        [15, "jun"],
      ]).after,
      12n,
    );
    assert.deepEqual(resumes(rig), ["recovered 3"]);
    assert.equal(rig.messages().length, 5);
  });
});

describe("a server that replays", () => {
  const replayed = { lobbyRecovered: true };

  it("is told where the client left, and sends what was missed", async () => {
    const rig = await openOnline();
    rig.server.current.notice(11, "jun");
    reconnect(rig);
    rig.server.current.greet();
    const { lobby } = rig.server.current.acceptLogin({ ...LOBBY, lastOffset: 13 }, replayed);
    assert.deepEqual([lobby?.epoch, lobby?.offset], ["e1", 11n]);
    rig.server.current.notice(12, "jun");
    assert.deepEqual(resumes(rig), []);
    rig.server.current.notice(13, "jun");
    assert.deepEqual(resumes(rig), ["recovered 2"]);
    rig.server.current.notice(14, "jun");
    assert.deepEqual(rig.messages(), ["11 jun m11", "12 jun m12", "13 jun m13", "14 jun m14"]);
    assert.deepEqual(
      rig.told.flatMap((event) => (event.type === "message" ? [event.isMissed] : [])),
      [false, true, true, false],
    );
    assert.deepEqual(rig.server.current.waitingTypes, []);
  });

  it("is told so for every room", async () => {
    const rig = await openOnline();
    const joining = rig.client.joinRoom("games", { password: "sesame" });
    const join = rig.server.current.take(PacketType.JOIN_ROOM_REQUEST).body;
    const room = { ...LOBBY, roomId: 5, name: "games" };
    rig.server.current.deliver(PacketType.JOIN_ROOM_RESPONSE, { requestId: join.requestId, room });
    await joining;
    reconnect(rig);
    rig.server.current.welcome();
    const again = rig.server.current.take(PacketType.JOIN_ROOM_REQUEST).body;
    assert.deepEqual([again.password, again.position?.epoch, again.position?.offset], ["sesame", "e1", 10n]);
    rig.server.current.deliver(PacketType.JOIN_ROOM_RESPONSE, {
      requestId: again.requestId,
      room: { ...room, lastOffset: 11 },
      recovered: true,
    });
    rig.server.current.notice(11, "jun", "m11", 5);
    assert.deepEqual(resumes(rig), ["recovered 0", "recovered 1"]);
  });

  it("answers own messages before it has replayed older ones: each is told once, at its place", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 12 }, replayed);
    void rig.client.publish(1, "mine");
    rig.server.current.acceptPublish(13);
    assert.deepEqual(rig.server.current.waitingTypes, [], "it is on its way: nothing is fetched");
    rig.server.current.notice(11, "jun");
    rig.server.current.notice(12, "jun");
    rig.server.current.notice(13, "mina", "mine");
    assert.deepEqual(rig.messages(), ["11 jun m11", "12 jun m12", "13 mina* mine"]);
  });

  it("that stops in the middle is asked for the rest", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 12 }, replayed);
    rig.server.current.notice(11, "jun");
    rig.environment.advance(20_000);
    assert.equal(rig.server.current.answerHistory([[12, "jun"]]).after, 11n);
    assert.deepEqual(resumes(rig), ["recovered 2"]);
  });

  it("says what it left out, and the stream goes on after it", async () => {
    const rig = await openOnline();
    rig.server.current.notice(11, "jun");
    rig.server.current.deliver(PacketType.ROOM_GAP_NOTICE, { roomId: 1, fromOffset: 12, toOffset: 20 });
    rig.server.current.notice(21, "jun");
    assert.deepEqual(rig.messages(), ["11 jun m11", "21 jun m21"]);
    const gap = rig.told.find((event) => event.type === "gap");
    assert.deepEqual(gap, { type: "gap", roomId: 1, room: "lobby", fromOffset: 12, toOffset: 20 });
    assert.deepEqual(rig.server.current.waitingTypes, []);
  });

  it("left out what a resume was to bring: it is not recovered", async () => {
    const rig = await openOnline();
    reconnect(rig);
    rig.server.current.welcome({ ...LOBBY, lastOffset: 14 }, replayed);
    rig.server.current.notice(11, "jun");
    rig.server.current.deliver(PacketType.ROOM_GAP_NOTICE, { roomId: 1, fromOffset: 12, toOffset: 13 });
    rig.server.current.notice(14, "jun");
    assert.deepEqual(resumes(rig), ["lost 1"]);
    assert.deepEqual(rig.messages(), ["11 jun m11", "14 jun m14"]);
  });

  it("shows own messages that lie in what it left out", async () => {
    const rig = await openOnline();
    void rig.client.publish(1, "mine");
    rig.server.current.deliver(PacketType.ROOM_GAP_NOTICE, { roomId: 1, fromOffset: 11, toOffset: 13 });
    rig.server.current.acceptPublish(12);
    assert.deepEqual(rig.messages(), ["12 mina* mine"]);
    assert.deepEqual(
      rig.told.flatMap((event) => (event.type === "gap" ? [[event.fromOffset, event.toOffset]] : [])),
      [
        [11, 11],
        [13, 13],
      ],
    );
  });
});
