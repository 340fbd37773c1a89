import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "../../src/protocol/codes.ts";
import {
  MessageKind,
  type MessageNotice,
  RoomKind,
  RoomRole,
} from "../../src/protocol/generated/portico/v1/portico_pb.js";
import {
  cast,
  codeOf,
  createRoom,
  edit,
  history,
  join,
  joinAll,
  ok,
  react,
  remove,
} from "../support/chat-scenes.ts";
import type { ChatTestClient } from "../support/chat-test-client.ts";
import { startTestServer, testBackends } from "../support/chat-test-server.ts";

const { TEXT, EDIT, DELETE, REACTION, REACTION_REMOVED } = MessageKind;

/** Kind, target and text of each entry. */
function outline(messages: readonly MessageNotice[]): [MessageKind, number, string][] {
  return messages.map(({ kind, target, text }) => [kind, Number(target), text]);
}

async function texts(who: ChatTestClient, roomId: number): Promise<string[]> {
  return (await ok(history(who, roomId))).messages.map(({ text }) => text);
}

for (const backend of testBackends) {
  for (const kind of ["LOGGED", "MEMORY"] as const) {
    describe(`messages in a ${kind.toLowerCase()} room on ${backend}`, () => {
      const settings = { kind: RoomKind[kind] };

      it("edits, deletions and reactions are entries, live and in history", async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const roomId = await createRoom(mina, "tea", settings);
        await ok(join(joon, "tea"));
        const first = await ok(mina.publish(roomId, "first"));
        const second = await ok(
          joon.request(PacketType.PUBLISH_REQUEST, {
            roomId,
            clientMessageId: "reply",
            text: "second",
            replyTo: first.offset,
          }),
        );
        const edited = await ok(edit(mina, roomId, first.offset, "first, again"));
        assert.equal(edited.offset, second.offset + 1n);
        await ok(react(joon, roomId, first.offset, "👍"));
        await ok(react(mina, roomId, first.offset, "👍"));
        await ok(react(joon, roomId, first.offset, "🎉"));
        await ok(react(joon, roomId, first.offset, "🎉", true));
        await ok(remove(joon, roomId, second.offset));

        const live = [];
        for (let count = 0; count < 3; count++) live.push(await joon.take(PacketType.MESSAGE_NOTICE));
        assert.deepEqual(outline(live), [
          [TEXT, 0, "first"],
          [EDIT, 1, "first, again"],
          [REACTION, 1, "👍"],
        ]);
        const heardByMina = [];
        for (let count = 0; count < 5; count++) heardByMina.push(await mina.take(PacketType.MESSAGE_NOTICE));
        assert.deepEqual(outline(heardByMina), [
          [TEXT, 0, "second"],
          [REACTION, 1, "👍"],
          [REACTION, 1, "🎉"],
          [REACTION_REMOVED, 1, "🎉"],
          [DELETE, 2, ""],
        ]);
        assert.equal(heardByMina[0]?.replyTo, first.offset);

        const { messages } = await ok(history(joon, roomId));
        assert.deepEqual(outline(messages), [
          [TEXT, 0, "first, again"],
          [TEXT, 0, ""],
          [EDIT, 1, "first, again"],
          [REACTION, 1, "👍"],
          [REACTION, 1, "👍"],
          [REACTION, 1, "🎉"],
          [REACTION_REMOVED, 1, "🎉"],
          [DELETE, 2, ""],
        ]);
        assert.deepEqual(
          messages.map(({ offset }) => Number(offset)),
          [1, 2, 3, 4, 5, 6, 7, 8],
        );
        const [now, gone] = messages;
        assert.equal(now?.editedMs, edited.timeMs);
        assert.equal(gone?.deleted, true);
        assert.equal(gone?.replyTo, 1n);
        const counts = now?.reactions.map(({ reaction, count, mine }) => [reaction, count, mine]);
        assert.deepEqual(counts, [["👍", 2, true]]);
      });

      it("lets the author edit a message, the author and moderators delete it, and nobody else", async (test) => {
        const server = await startTestServer(test, backend);
        const parts = { mina: "account", joon: "account", sora: "account", gina: "guest" } as const;
        const { mina, joon, sora, gina } = await cast(server, parts);
        const roomId = await createRoom(mina, "tea", settings);
        await joinAll("tea", joon, sora, gina);
        const role = { roomId, name: "joon", role: RoomRole.MODERATOR };
        await ok(mina.request(PacketType.SET_ROLE_REQUEST, role));
        const { offset } = await ok(gina.publish(roomId, "as it was"));
        assert.equal(await codeOf(edit(sora, roomId, offset, "not mine")), "PERMISSION_DENIED");
        assert.equal(await codeOf(remove(sora, roomId, offset)), "PERMISSION_DENIED");
        await ok(edit(gina, roomId, offset, "as I say"));
        assert.equal(await codeOf(edit(joon, roomId, offset, "as moderators say")), "PERMISSION_DENIED");
        const [message] = (await ok(history(sora, roomId))).messages;
        assert.equal(message?.text, "as I say", "nobody puts words into another's mouth");
        await ok(remove(joon, roomId, offset));
        for (const again of [
          edit(gina, roomId, offset, "back"),
          remove(gina, roomId, offset),
          react(gina, roomId, offset, "👍"),
        ]) {
          assert.equal(await codeOf(again), "MESSAGE_NOT_FOUND");
        }
      });

      it("changes messages only: no entries of other kinds, none that are not there", async (test) => {
        const server = await startTestServer(test, backend);
        const { mina } = await cast(server, { mina: "account" });
        const roomId = await createRoom(mina, "tea", settings);
        const { offset } = await ok(mina.publish(roomId, "text"));
        const { offset: editOffset } = await ok(edit(mina, roomId, offset, "edited"));
        for (const target of [0, editOffset, 99, 2n ** 53n, 2n ** 64n - 1n]) {
          assert.equal(await codeOf(edit(mina, roomId, target, "x")), "MESSAGE_NOT_FOUND", String(target));
          assert.equal(await codeOf(remove(mina, roomId, target)), "MESSAGE_NOT_FOUND");
          assert.equal(await codeOf(react(mina, roomId, target, "👍")), "MESSAGE_NOT_FOUND");
        }
        for (const reaction of ["", "a b", "x".repeat(33), "\u0007", "five!"]) {
          assert.equal(await codeOf(react(mina, roomId, offset, reaction)), "TEXT_INVALID", reaction);
        }
        assert.equal(await codeOf(edit(mina, roomId, offset, "   ")), "TEXT_INVALID");
        assert.equal((await ok(mina.publish(roomId, "next"))).offset, 3n, "refusals take no offset");
      });

      it("the same client message id is the same entry, of whatever kind", async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const roomId = await createRoom(mina, "tea", settings);
        await ok(join(joon, "tea"));
        const said = await ok(mina.publish(roomId, "once", "a"));
        const again = await ok(mina.publish(roomId, "twice", "a"));
        assert.deepEqual([again.offset, again.timeMs], [said.offset, said.timeMs]);
        await ok(joon.publish(roomId, "another's", "a"));
        const change = { roomId, offset: said.offset, clientMessageId: "b", text: "edited" };
        const edited = await ok(mina.request(PacketType.EDIT_MESSAGE_REQUEST, change));
        const twice = await ok(mina.request(PacketType.EDIT_MESSAGE_REQUEST, change));
        assert.equal(twice.offset, edited.offset);
        const reaction = { roomId, offset: said.offset, clientMessageId: "c", reaction: "👍" };
        const reacted = await ok(mina.request(PacketType.REACT_REQUEST, reaction));
        assert.equal((await ok(mina.request(PacketType.REACT_REQUEST, reaction))).offset, reacted.offset);
        const deletion = { roomId, offset: said.offset, clientMessageId: "d" };
        const deleted = await ok(mina.request(PacketType.DELETE_MESSAGE_REQUEST, deletion));
        const repeated = await ok(mina.request(PacketType.DELETE_MESSAGE_REQUEST, deletion));
        assert.equal(repeated.offset, deleted.offset);
        assert.equal((await ok(mina.publish(roomId, "end"))).offset, 6n);
        const heard = [];
        while (heard.at(-1)?.text !== "end") heard.push(await joon.take(PacketType.MESSAGE_NOTICE));
        assert.deepEqual(
          heard.map(({ offset }) => Number(offset)),
          [1, 3, 4, 5, 6],
        );
      });

      it("a deleted text is nowhere: not in history, its edits, or search", async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "account" });
        const roomId = await createRoom(mina, "tea", settings);
        await ok(join(joon, "tea"));
        const { offset } = await ok(mina.publish(roomId, "swordfish one"));
        await ok(edit(mina, roomId, offset, "swordfish two"));
        await ok(remove(mina, roomId, offset));
        assert.deepEqual(await texts(joon, roomId), ["", "", ""]);
        const around = await ok(history(joon, roomId, { around: offset }));
        assert.ok(!around.messages.some(({ text }) => text.includes("swordfish")));
        assert.deepEqual(
          (await ok(joon.request(PacketType.SEARCH_REQUEST, { query: "swordfish" }))).hits,
          [],
        );
        const late = await ok(join(mina, "tea", { position: { epoch: "none", offset: 0 } }));
        assert.equal(late.recovered, false);
      });

      it("reactions count once for each user, however often they are given", async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon } = await cast(server, { mina: "account", joon: "guest" });
        const roomId = await createRoom(mina, "tea", settings);
        await ok(join(joon, "tea"));
        const { offset } = await ok(mina.publish(roomId, "well?"));
        await ok(react(joon, roomId, offset, "👍"));
        assert.equal((await ok(react(joon, roomId, offset, "👍"))).offset, 0n, "it is there already");
        assert.equal((await ok(react(mina, roomId, offset, "🎉", true))).offset, 0n, "it is not there");
        await ok(react(mina, roomId, offset, "👍🏽"));
        const seen = async (who: ChatTestClient) =>
          (await ok(history(who, roomId))).messages[0]?.reactions.map(({ reaction, count, mine }) => [
            reaction,
            count,
            mine,
          ]);
        assert.deepEqual(await seen(mina), [
          ["👍", 1, false],
          ["👍🏽", 1, true],
        ]);
        await ok(react(joon, roomId, offset, "👍", true));
        assert.deepEqual(await seen(joon), [["👍🏽", 1, false]]);
        assert.equal((await ok(mina.publish(roomId, "end"))).offset, 5n, "what changes nothing is no entry");
      });

      it("what comes live, from many at once, is what history has", async (test) => {
        const server = await startTestServer(test, backend);
        const { mina, joon, sora } = await cast(server, { mina: "account", joon: "account", sora: "guest" });
        const roomId = await createRoom(mina, "tea", settings);
        await joinAll("tea", joon, sora);
        const speakers = [mina, joon];
        await ok(mina.publish(roomId, "to be changed"));
        await Promise.all(
          speakers.flatMap((who, index) =>
            Array.from({ length: 30 }, (_, count) => {
              if (count % 5 === 1) return ok(react(who, roomId, 1, "👍", count % 2 === 0));
              if (count % 5 === 2 && index === 0) return ok(edit(who, roomId, 1, `changed ${count}`));
              return ok(who.publish(roomId, `${index}/${count}`));
            }),
          ),
        );
        const heard: MessageNotice[] = [];
        while (heard.length < 61) heard.push(await sora.take(PacketType.MESSAGE_NOTICE));
        const { messages } = await ok(history(sora, roomId, { limit: 200 }));
        assert.deepEqual(
          messages.map(({ offset, kind: what, sender, timeMs }) => ({ offset, what, sender, timeMs })),
          heard.map(({ offset, kind: what, sender, timeMs }) => ({ offset, what, sender, timeMs })),
        );
        const lastEdit = heard.findLast(({ kind: what }) => what === EDIT);
        assert.equal(messages[0]?.text, lastEdit?.text);
      });

      it("typing reaches the others in the room, and is kept nowhere", async (test) => {
        const server = await startTestServer(test, backend);
        const parts = { mina: "account", joon: "account", sora: "account" } as const;
        const { mina, joon, sora } = await cast(server, parts);
        const roomId = await createRoom(mina, "tea", settings);
        await ok(join(joon, "tea"));
        mina.send(PacketType.TYPING, { roomId });
        const notice = await joon.take(PacketType.TYPING_NOTICE);
        assert.deepEqual([notice.roomId, notice.name], [roomId, "mina"]);
        sora.send(PacketType.TYPING, { roomId });
        await sora.sync();
        await joon.sync();
        await mina.sync();
        for (const who of [mina, joon, sora]) assert.deepEqual(who.heard(PacketType.TYPING_NOTICE), []);
        assert.deepEqual(await texts(joon, roomId), []);
      });
    });
  }
}
