import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DisconnectCode, ErrorCode, PacketType } from "../protocol/codes.ts";
import { ChatError } from "./chat-error.ts";
import { openOnline, reconnect } from "./testing/client-rig.ts";
import { LOBBY } from "./testing/scripted-server.ts";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "OK";
  } catch (error) {
    assert.ok(error instanceof ChatError, String(error));
    return error.code;
  }
}

describe("messages until they are acknowledged", () => {
  it("resolve with their place", async () => {
    const { client, server, messages } = await openOnline();
    const receipt = client.publish(1, "hello");
    assert.equal(client.pendingCount, 1);
    assert.equal(server.current.acceptPublish(11).text, "hello");
    assert.deepEqual(await receipt, { roomId: 1, offset: 11, timeMs: 11_000 });
    assert.equal(client.pendingCount, 0);
    assert.deepEqual(messages(), ["11 mina* hello"]);
  });

  it("are sent again in order, with the same ids, after a reconnect", async () => {
    const rig = await openOnline();
    const first = rig.client.publish(1, "one");
    const second = rig.client.publish(1, "two");
    const ids = [1, 2].map(() => rig.server.current.take(PacketType.PUBLISH_REQUEST).body.clientMessageId);
    reconnect(rig);
    const third = rig.client.publish(1, "three");
    rig.server.current.welcome();
    const again = [11, 12, 13].map((offset) => rig.server.current.acceptPublish(offset));
    assert.deepEqual(
      again.map(({ text }) => text),
      ["one", "two", "three"],
    );
    assert.deepEqual(
      again.slice(0, 2).map(({ clientMessageId }) => clientMessageId),
      ids,
    );
    assert.deepEqual(
      (await Promise.all([first, second, third])).map(({ offset }) => offset),
      [11, 12, 13],
    );
  });

  it("are refused above the queue's limit", async () => {
    const { client } = await openOnline({ queueLimit: 2 });
    void client.publish(1, "one").catch(() => {});
    void client.whisper("jun", "two").catch(() => {});
    assert.equal(await codeOf(client.publish(1, "three")), "QUEUE_FULL");
  });

  it("go out as many at a time as allowed", async () => {
    const { client, server } = await openOnline({ inFlightLimit: 2 });
    for (const text of ["one", "two", "three"]) void client.publish(1, text);
    assert.equal(server.current.waitingTypes.length, 2);
    server.current.acceptPublish(11);
    assert.equal(server.current.waitingTypes.length, 2);
  });

  it("wait as long as a refusal says, one in flight at first", async () => {
    const { client, server, environment } = await openOnline();
    const receipts = ["one", "two", "three"].map((text) => client.publish(1, text));
    for (let count = 0; count < 3; count++) server.current.refusePublish(ErrorCode.RATE_LIMITED, 400);
    environment.advance(399);
    assert.deepEqual(server.current.waitingTypes, []);
    environment.advance(1);
    assert.equal(server.current.waitingTypes.length, 1);
    assert.equal(server.current.acceptPublish(11).text, "one");
    assert.equal(server.current.waitingTypes.length, 2);
    assert.equal(server.current.acceptPublish(12).text, "two");
    assert.equal(server.current.acceptPublish(13).text, "three");
    assert.deepEqual(
      (await Promise.all(receipts)).map(({ offset }) => offset),
      [11, 12, 13],
    );
  });

  it("are given up after too many refusals", async () => {
    const { client, server, environment } = await openOnline({ refusalLimit: 2 });
    const refused = codeOf(client.publish(1, "one"));
    for (let count = 0; count < 3; count++) {
      server.current.refusePublish(ErrorCode.BUSY);
      environment.advance(10_000);
    }
    assert.equal(await refused, "BUSY");
    assert.equal(client.pendingCount, 0);
  });

  it("are refused at once for reasons that do not pass", async () => {
    const { client, server } = await openOnline();
    const refused = codeOf(client.publish(1, ""));
    server.current.refusePublish(ErrorCode.TEXT_INVALID);
    assert.equal(await refused, "TEXT_INVALID");
  });

  it("never leave when they are above the packet limit", async () => {
    const { client, server, environment } = await openOnline();
    const refused = codeOf(client.publish(1, "x".repeat(20_000)));
    environment.advance(1);
    assert.equal(await refused, "TEXT_INVALID");
    assert.deepEqual(server.current.waitingTypes, []);
    void client.publish(1, "short");
    assert.equal(server.current.acceptPublish(11).text, "short");
  });

  it("make the client reconnect when no answer comes", async () => {
    const rig = await openOnline({ requestTimeoutMs: 5000 });
    const receipt = rig.client.publish(1, "one");
    rig.environment.advance(5000);
    assert.equal(rig.server.current.ending, "aborted");
    reconnect(rig);
    rig.server.current.welcome();
    rig.server.current.acceptPublish(11);
    assert.equal((await receipt).offset, 11);
  });

  it("are not sent when the caller gives them up before", async () => {
    const rig = await openOnline({ inFlightLimit: 1 });
    const controller = new AbortController();
    void rig.client.publish(1, "one");
    const given = codeOf(rig.client.publish(1, "two", { signal: controller.signal }));
    void rig.client.publish(1, "three");
    controller.abort();
    assert.equal(await given, "ABORTED");
    rig.server.current.acceptPublish(11);
    assert.equal(rig.server.current.acceptPublish(12).text, "three");
  });

  it("keep their place in the room when the caller gives them up too late", async () => {
    const rig = await openOnline();
    const controller = new AbortController();
    const given = codeOf(rig.client.publish(1, "one", { signal: controller.signal }));
    controller.abort();
    assert.equal(await given, "ABORTED");
    assert.equal(rig.client.pendingCount, 0);
    rig.server.current.acceptPublish(11);
    rig.server.current.notice(12, "jun");
    assert.deepEqual(rig.messages(), ["11 mina* one", "12 jun m12"]);
  });

  it("let `flushed` resolve when the last is answered", async () => {
    const { client, server } = await openOnline();
    let isFlushed = false;
    void client.publish(1, "one");
    const flushed = client.flushed().finally(() => {
      isFlushed = true;
    });
    await Promise.resolve();
    assert.equal(isFlushed, false);
    server.current.acceptPublish(11);
    await flushed;
    await client.flushed();
  });
});

describe("whispers", () => {
  it("are told once each, to whom they are and from whom", async () => {
    const { client, server, told } = await openOnline();
    const receipt = client.whisper("jun", "psst");
    const { requestId, to } = server.current.take(PacketType.WHISPER_REQUEST).body;
    assert.equal(to, "jun");
    server.current.deliver(PacketType.WHISPER_RESPONSE, { requestId, offset: 1, timeMs: 9, roomId: 9 });
    assert.deepEqual(await receipt, { roomId: 9, offset: 1, timeMs: 9 });
    server.current.deliver(PacketType.WHISPER_NOTICE, {
      roomId: 9,
      from: "jun",
      to: "mina",
      offset: 2,
      timeMs: 10,
      text: "what?",
    });
    assert.deepEqual(
      told.flatMap((event) =>
        event.type === "whisper" ? [`${event.isOwn} ${event.from}>${event.to} ${event.text}`] : [],
      ),
      ["true mina>jun psst", "false jun>mina what?"],
    );
  });

  it("that come back as another session's are recognised by their acknowledgement", async () => {
    const rig = await openOnline();
    const receipt = rig.client.whisper("jun", "psst");
    reconnect(rig);
    rig.server.current.welcome();
    const own = { roomId: 9, from: "mina", to: "jun", offset: 2, timeMs: 9, text: "psst" };
    const others = { ...own, offset: 1, timeMs: 8, text: "from my telephone" };
    rig.server.current.deliver(PacketType.WHISPER_NOTICE, others);
    rig.server.current.deliver(PacketType.WHISPER_NOTICE, own);
    const { requestId } = rig.server.current.take(PacketType.WHISPER_REQUEST).body;
    rig.server.current.deliver(PacketType.WHISPER_RESPONSE, { requestId, offset: 2, timeMs: 9, roomId: 9 });
    await receipt;
    assert.deepEqual(
      rig.told.flatMap((event) => (event.type === "whisper" ? [`${event.isOwn} ${event.text}`] : [])),
      ["false from my telephone", "true psst"],
    );
  });

  it("tell an unknown user from one who is not there", async () => {
    const { client, server } = await openOnline();
    for (const code of [ErrorCode.USER_NOT_FOUND, ErrorCode.USER_OFFLINE]) {
      const refused = codeOf(client.whisper("nobody", "?"));
      const { requestId } = server.current.take(PacketType.WHISPER_REQUEST).body;
      server.current.deliver(PacketType.WHISPER_RESPONSE, { requestId, code });
      assert.equal(await refused, ErrorCode[code]);
    }
  });

  it("survive a server that stops", async () => {
    const rig = await openOnline();
    rig.server.current.disconnect(DisconnectCode.SHUTDOWN, 1000);
    const receipt = rig.client.whisper("jun", "psst");
    rig.environment.advance(2000);
    rig.server.current.welcome();
    const { requestId } = rig.server.current.take(PacketType.WHISPER_REQUEST).body;
    rig.server.current.deliver(PacketType.WHISPER_RESPONSE, { requestId, offset: 3, timeMs: 9 });
    assert.equal((await receipt).offset, 3);
  });
});

describe("edits, deletions and reactions", () => {
  it("are sent again after a reconnect, with the same ids, and told as what they are", async () => {
    const rig = await openOnline();
    const edited = rig.client.edit(1, 3, "better");
    const deleted = rig.client.delete(1, 4);
    const reacted = rig.client.react(1, 5, "+1", { clientMessageId: "mine" });
    const before = rig.server.current.take(PacketType.EDIT_MESSAGE_REQUEST).body;
    reconnect(rig);
    rig.server.current.welcome();
    const edit = rig.server.current.take(PacketType.EDIT_MESSAGE_REQUEST).body;
    assert.deepEqual([edit.roomId, edit.offset, edit.text], [1, 3n, "better"]);
    assert.equal(edit.clientMessageId, before.clientMessageId);
    const deletion = rig.server.current.take(PacketType.DELETE_MESSAGE_REQUEST).body;
    const reaction = rig.server.current.take(PacketType.REACT_REQUEST).body;
    assert.deepEqual([reaction.offset, reaction.reaction, reaction.remove], [5n, "+1", false]);
    assert.equal(reaction.clientMessageId, "mine");
    const { current } = rig.server;
    current.deliver(PacketType.EDIT_MESSAGE_RESPONSE, { requestId: edit.requestId, offset: 11 });
    current.deliver(PacketType.DELETE_MESSAGE_RESPONSE, { requestId: deletion.requestId, offset: 12 });
    current.deliver(PacketType.REACT_RESPONSE, { requestId: reaction.requestId, offset: 13 });
    const receipts = await Promise.all([edited, deleted, reacted]);
    assert.deepEqual(
      receipts.map(({ offset }) => offset),
      [11, 12, 13],
    );
    assert.deepEqual(
      rig.told.flatMap((event) =>
        event.type === "edited" || event.type === "deleted" || event.type === "reaction"
          ? [`${event.offset} ${event.type}@${event.target} ${event.isOwn}`]
          : [],
      ),
      ["11 edited@3 true", "12 deleted@4 true", "13 reaction@5 true"],
    );
  });

  it("of one message are never under way together, others are", async () => {
    const rig = await openOnline();
    const first = rig.client.edit(1, 3, "first");
    const second = rig.client.edit(1, 3, "second");
    const other = rig.client.edit(1, 4, "other");
    const sent = rig.server.current.take(PacketType.EDIT_MESSAGE_REQUEST).body;
    assert.equal(sent.text, "first");
    const { requestId, text } = rig.server.current.take(PacketType.EDIT_MESSAGE_REQUEST).body;
    assert.equal(text, "other");
    assert.deepEqual(rig.server.current.waitingTypes, []);
    rig.server.current.deliver(PacketType.EDIT_MESSAGE_RESPONSE, { requestId, offset: 11 });
    assert.deepEqual(rig.server.current.waitingTypes, []);
    rig.server.current.deliver(PacketType.EDIT_MESSAGE_RESPONSE, {
      requestId: sent.requestId,
      code: ErrorCode.RATE_LIMITED,
      retryAfterMs: 400,
    });
    rig.environment.advance(400);
    for (const offset of [12, 13]) {
      const again = rig.server.current.take(PacketType.EDIT_MESSAGE_REQUEST).body;
      assert.equal(again.text, offset === 12 ? "first" : "second");
      assert.deepEqual(rig.server.current.waitingTypes, []);
      rig.server.current.deliver(PacketType.EDIT_MESSAGE_RESPONSE, { requestId: again.requestId, offset });
    }
    assert.deepEqual(
      (await Promise.all([first, second, other])).map(({ offset }) => offset),
      [12, 13, 11],
    );
  });

  it("are given up when the room was made anew: its offsets are others' now", async () => {
    const rig = await openOnline();
    rig.server.current.end();
    const edited = codeOf(rig.client.edit(1, 3, "too late"));
    const said = rig.client.publish(1, "still said", { replyTo: 3 });
    rig.environment.advance(1000);
    rig.server.current.welcome({ ...LOBBY, epoch: "e2", lastOffset: 5 });
    assert.equal(await edited, "MESSAGE_NOT_FOUND");
    assert.equal(rig.server.current.acceptPublish(6).replyTo ?? 0n, 0n);
    assert.equal((await said).offset, 6);
    assert.deepEqual(rig.server.current.waitingTypes, []);
  });
});
