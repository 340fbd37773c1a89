import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode, PacketType } from "../protocol/codes.ts";
import { RoomListRequest_Scope } from "../protocol/generated/portico/v1/portico_pb.js";
import { type ClientRig, CREDENTIALS, openRig, reconnect } from "./testing/client-rig.ts";

const JUN = { roomId: 9, name: "jun", epoch: "c", lastOffset: 4, readOffset: 2 };

/** "3 jun>mina w3!": missed; "*": own. */
function whispers({ told }: ClientRig): string[] {
  return told.flatMap((event) =>
    event.type === "whisper"
      ? [
          `${event.offset} ${event.from}>${event.to}${event.isOwn ? "*" : ""} ${event.text}${event.isMissed ? "!" : ""}`,
        ]
      : [],
  );
}

/** Logged in, and asked for conversations. */
function openAsked(options: Parameters<typeof openRig>[0] = {}): ClientRig {
  const rig = openRig(options);
  void rig.client.connect(CREDENTIALS);
  rig.server.current.greet();
  rig.server.current.acceptLoginOnly();
  return rig;
}

describe("direct conversations", () => {
  it("tell what was not read at the first login, then what comes", () => {
    const rig = openAsked();
    const { scope } = rig.server.current.answerRooms([JUN]);
    assert.equal(scope, RoomListRequest_Scope.DIRECT);
    rig.server.current.whisper(5, "jun", "mina", 9);
    const asked = rig.server.current.take(PacketType.HISTORY_REQUEST).body;
    assert.deepEqual([asked.roomId, asked.after], [9, 2n]);
    rig.server.current.deliver(PacketType.HISTORY_RESPONSE, {
      requestId: asked.requestId,
      messages: [3, 4].map((offset) => {
        return { roomId: 9, offset, timeMs: 1, sender: offset === 3 ? "jun" : "mina", text: `w${offset}` };
      }),
    });
    assert.deepEqual(whispers(rig), ["3 jun>mina w3!", "4 mina>jun w4!", "5 jun>mina w5"]);
  });

  it("tell what a connection lost, each once", () => {
    const rig = openAsked();
    rig.server.current.answerRooms([{ ...JUN, readOffset: 4 }]);
    rig.server.current.whisper(5, "jun", "mina", 9);
    reconnect(rig);
    rig.server.current.greet();
    rig.server.current.acceptLoginOnly();
    rig.server.current.whisper(8, "jun", "mina", 9);
    rig.server.current.answerRooms([{ ...JUN, lastOffset: 7, readOffset: 2 }]);
    assert.equal(
      rig.server.current.answerHistory([
        [6, "jun"],
        [7, "jun"],
        [8, "jun"],
      ]).after,
      5n,
    );
    assert.deepEqual(
      whispers(rig).map((line) => line.split(" ")[0]),
      ["5", "6", "7", "8"],
    );
  });

  it("are not taken for lost when a whisper overtakes the list", () => {
    const rig = openAsked();
    rig.server.current.answerRooms([{ ...JUN, readOffset: 4 }]);
    reconnect(rig);
    rig.server.current.greet();
    rig.server.current.acceptLoginOnly();
    rig.server.current.whisper(5, "jun", "mina", 9);
    rig.server.current.answerRooms([JUN]);
    rig.server.current.whisper(6, "jun", "mina", 9);
    assert.deepEqual(whispers(rig), ["5 jun>mina w5", "6 jun>mina w6"]);
    assert.ok(!rig.told.some((event) => event.type === "resumed" && event.roomId === 9));
  });

  it("say so when they are others than before", () => {
    const rig = openAsked();
    rig.server.current.answerRooms([{ ...JUN, readOffset: 4 }]);
    reconnect(rig);
    rig.server.current.greet();
    rig.server.current.acceptLoginOnly();
    rig.server.current.answerRooms([{ ...JUN, lastOffset: 3 }]);
    const resumed = rig.told.find((event) => event.type === "resumed" && event.roomId === 9);
    assert.ok(resumed?.type === "resumed" && !resumed.recovered && resumed.room === "jun");
    rig.server.current.whisper(4, "jun", "mina", 9);
    assert.deepEqual(whispers(rig), ["4 jun>mina w4"]);
  });

  it("fetch only the newest of many, and say what is left out", () => {
    const rig = openAsked({ missedWhisperLimit: 10 });
    rig.server.current.answerRooms([{ ...JUN, lastOffset: 100 }]);
    assert.equal(rig.server.current.take(PacketType.HISTORY_REQUEST).body.after, 90n);
    const gap = rig.told.find((event) => event.type === "gap");
    assert.deepEqual(gap, { type: "gap", roomId: 9, room: "jun", fromOffset: 3, toOffset: 90 });
  });

  it("are read page by page, and fetched a few at a time", () => {
    const rig = openAsked();
    const page = Array.from({ length: 6 }, (_, index) => ({
      ...JUN,
      roomId: 20 + index,
      name: `user${index}`,
      cursor: `c${index}`,
    }));
    rig.server.current.answerRooms(page, true);
    assert.equal(rig.server.current.answerRooms([JUN]).after, "c5");
    assert.equal(rig.server.current.waitingTypes.length, 4);
    for (let count = 0; count < 7; count++) {
      rig.server.current.answerHistory([
        [3, "x"],
        [4, "x"],
      ]);
    }
    assert.equal(whispers(rig).length, 14);
    assert.deepEqual(rig.server.current.waitingTypes, []);
  });

  it("begin with the first whisper of somebody new", () => {
    const rig = openAsked();
    rig.server.current.whisper(1, "sora", "mina", 12);
    assert.deepEqual(whispers(rig), [], "until the list says where it is");
    rig.server.current.answerRooms([]);
    rig.server.current.whisper(2, "sora", "mina", 12);
    assert.deepEqual(whispers(rig), ["1 sora>mina w1", "2 sora>mina w2"]);
  });

  it("that were too old for the list are looked up when somebody whispers again", () => {
    const rig = openAsked();
    rig.server.current.answerRooms([]);
    rig.server.current.whisper(31, "sora", "mina", 12);
    assert.deepEqual(whispers(rig), []);
    rig.server.current.answerRooms([{ ...JUN, roomId: 12, name: "sora", lastOffset: 31, readOffset: 29 }]);
    rig.server.current.answerHistory([[30, "sora"]]);
    rig.server.current.whisper(32, "sora", "mina", 12);
    assert.deepEqual(
      whispers(rig).map((line) => line.split(" ")[0]),
      ["30", "31", "32"],
    );
  });

  it("come live where the server has no list of them", () => {
    const rig = openAsked();
    for (let count = 0; count < 2; count++) {
      const { requestId } = rig.server.current.take(PacketType.ROOM_LIST_REQUEST).body;
      rig.server.current.deliver(PacketType.ROOM_LIST_RESPONSE, {
        requestId,
        code: count === 0 ? ErrorCode.BUSY : ErrorCode.PERMISSION_DENIED,
      });
      if (count === 0) rig.environment.advance(1000);
    }
    rig.server.current.whisper(31, "sora", "mina", 12);
    const { requestId } = rig.server.current.take(PacketType.ROOM_LIST_REQUEST).body;
    rig.server.current.deliver(PacketType.ROOM_LIST_RESPONSE, {
      requestId,
      code: ErrorCode.PERMISSION_DENIED,
    });
    assert.deepEqual(whispers(rig), ["31 sora>mina w31"]);
  });

  it("tell an own whisper that was said before the list came once, as own", () => {
    const rig = openAsked();
    void rig.client.whisper("jun", "mine", { replyTo: 4 });
    const { requestId, replyTo } = rig.server.current.take(PacketType.WHISPER_REQUEST).body;
    assert.equal(replyTo, 4n);
    rig.server.current.deliver(PacketType.WHISPER_RESPONSE, { requestId, offset: 5, timeMs: 1, roomId: 9 });
    rig.server.current.answerRooms([{ ...JUN, lastOffset: 5, readOffset: 5 }]);
    assert.deepEqual(whispers(rig), ["5 mina>jun* mine!"]);
  });

  it("carry edits and reactions by their room id", () => {
    const rig = openAsked();
    rig.server.current.answerRooms([{ ...JUN, readOffset: 4 }]);
    void rig.client.edit(9, 3, "better");
    const { requestId, roomId } = rig.server.current.take(PacketType.EDIT_MESSAGE_REQUEST).body;
    assert.equal(roomId, 9);
    rig.server.current.deliver(PacketType.EDIT_MESSAGE_RESPONSE, { requestId, offset: 5, timeMs: 1 });
    rig.server.current.deliver(PacketType.WHISPER_NOTICE, {
      roomId: 9,
      from: "jun",
      to: "mina",
      offset: 6,
      kind: 3,
      target: 3,
      text: "+1",
    });
    assert.deepEqual(
      rig.told.flatMap((event) =>
        event.type === "edited" || event.type === "reaction"
          ? [`${event.type} ${event.room} ${event.direct} ${event.sender} ${event.target} ${event.isOwn}`]
          : [],
      ),
      ["edited jun true mina 3 true", "reaction jun true jun 3 false"],
    );
  });
});
