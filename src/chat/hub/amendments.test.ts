import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replyOf, request, say } from "../../../test/support/hub-requests.ts";
import {
  type Effect,
  HubWorld,
  published,
  refusals,
  repliesTo,
  session,
  signIn,
  user,
} from "../../../test/support/hub-world.ts";
import type { RoomId } from "../names.ts";

const [ann, bob, cy, root] = [session(1, 1), session(2, 2), session(1, 3), session(1, 4)];

/** Ann's room with Bob, who said "hello" in it, and Cy and an administrator. */
function chatIn(kind: "logged" | "memory"): { chat: HubWorld; red: RoomId } {
  const chat = new HubWorld().start();
  chat.do(signIn(ann, user(1, "Ann")));
  chat.do(signIn(bob, user(2, "Bob")));
  chat.do(signIn(cy, user(3, "Cy")));
  chat.do(signIn(root, user(4, "Root", true)));
  const settings = { access: "public", passwordHash: "", topic: "", slowReader: "disconnect" } as const;
  const made = chat.do(request("createRoom", ann, { name: "red", kind, ...settings }));
  const red = replyOf(made, ann, "joined").room.id;
  for (const key of [bob, cy, root]) chat.do(request("joinRoom", key, { name: "red" }));
  chat.do(say(bob, red, "hello"));
  return { chat, red };
}

/** Each entry that was published: offset, kind, target, text, publisher. */
function entries(effects: readonly Effect[]): unknown[] {
  return published(effects).flatMap((event) =>
    event.type === "message" ? [[event.offset, event.kind, event.target, event.text, event.publisher]] : [],
  );
}

for (const kind of ["logged", "memory"] as const) {
  describe(`changing a message in a ${kind} room`, () => {
    it("is an entry of the log, with its answer in it", () => {
      const { chat, red } = chatIn(kind);
      const target = { roomId: red, target: 1 };
      const edit = request("editMessage", bob, { ...target, clientMessageId: "e", text: "hello!" });
      assert.deepEqual(entries(chat.do(edit)), [[2, "edit", 1, "hello!", bob]]);
      const react = request("react", cy, { ...target, clientMessageId: "r" });
      assert.deepEqual(entries(chat.do(react)), [[3, "reaction", 1, "+1", cy]]);
      const back = request("react", cy, { ...target, clientMessageId: "b", remove: true });
      assert.deepEqual(entries(chat.do(back)), [[4, "reactionRemoved", 1, "+1", cy]]);
      const remove = request("deleteMessage", bob, { ...target, clientMessageId: "d" });
      assert.deepEqual(entries(chat.do(remove)), [[5, "delete", 1, "", bob]]);
    });

    it("gives a repeat its first offset and delivers nothing", () => {
      const { chat, red } = chatIn(kind);
      const edit = { roomId: red, target: 1, clientMessageId: "e", text: "hello!" };
      chat.do(request("editMessage", bob, edit));
      const effects = chat.do(request("editMessage", bob, edit));
      assert.deepEqual(entries(effects), []);
      const { request: name, offset } = replyOf(effects, bob, "published");
      assert.deepEqual([name, offset], ["editMessage", 2]);
    });

    it("is the author's; moderators may delete, and do not edit", () => {
      const { chat, red } = chatIn(kind);
      const target = { roomId: red, target: 1, clientMessageId: "c" };
      for (const key of [ann, cy, root]) {
        assert.deepEqual(refusals(chat.do(request("editMessage", key, { ...target, text: "x" }))), [
          "PERMISSION_DENIED",
        ]);
      }
      assert.deepEqual(refusals(chat.do(request("deleteMessage", cy, target))), ["PERMISSION_DENIED"]);
      assert.deepEqual(entries(chat.do(request("deleteMessage", ann, target))), [[2, "delete", 1, "", ann]]);
      chat.do(say(bob, red, "again"));
      const next = { ...target, target: 3 };
      assert.deepEqual(entries(chat.do(request("deleteMessage", root, next))), [[4, "delete", 3, "", root]]);
    });

    it("is refused where there is no such message (any more)", () => {
      const { chat, red } = chatIn(kind);
      const missing = { roomId: red, target: 9, clientMessageId: "c" };
      assert.deepEqual(refusals(chat.do(request("react", cy, missing))), ["MESSAGE_NOT_FOUND"]);
      chat.do(request("deleteMessage", bob, { ...missing, target: 1 }));
      const again = { ...missing, target: 1, clientMessageId: "again" };
      assert.deepEqual(refusals(chat.do(request("deleteMessage", bob, again))), ["MESSAGE_NOT_FOUND"]);
      assert.deepEqual(entries(chat.do(say(bob, red, "next")))[0], [3, "text", 0, "next", bob]);
      assert.equal(chat.hub.counts.waitingRequests, 0);
    });

    it("is for those who are in the room", () => {
      const { chat, red } = chatIn(kind);
      const gone = chat.do(request("leaveRoom", cy, { roomId: red }));
      assert.equal(repliesTo(gone, cy)[0]?.type, "left");
      const target = { roomId: red, target: 1, clientMessageId: "c" };
      assert.deepEqual(refusals(chat.do(request("react", cy, target))), ["NOT_A_MEMBER"]);
      const nowhere = { ...target, roomId: kind === "memory" ? red + 9 : 99 };
      assert.deepEqual(refusals(chat.do(request("react", cy, nowhere))), ["ROOM_NOT_FOUND"]);
    });

    it("shows in history", () => {
      const { chat, red } = chatIn(kind);
      const target = { roomId: red, target: 1 };
      chat.do(request("editMessage", bob, { ...target, clientMessageId: "e", text: "hello!" }));
      chat.do(request("react", cy, { ...target, clientMessageId: "r" }));
      const read = (): unknown[] =>
        replyOf(chat.do(request("history", cy, { roomId: red })), cy, "history").messages.map(
          ({ text, editedMs, deleted, reactions }) => [text, editedMs, deleted, reactions],
        );
      const reactions = [{ reaction: "+1", count: 1, mine: true }];
      assert.deepEqual(read()[0], ["hello!", 1_000, false, reactions]);
      chat.do(request("deleteMessage", bob, { ...target, clientMessageId: "d" }));
      assert.deepEqual((read()[0] as unknown[])[2], true);
      assert.ok(!JSON.stringify(read()).includes("hello"));
    });
  });
}

describe("changes that the store kept without saying so", () => {
  it("are published as what they are, before what comes after", () => {
    const { chat, red } = chatIn("logged");
    const edit = { roomId: red, target: 1, clientMessageId: "e", text: "hello!" };
    chat.command(request("editMessage", bob, edit));
    assert.deepEqual(refusals(chat.settle("kept")), ["SERVER_ERROR"]);
    assert.deepEqual(entries(chat.do(say(ann, red, "next"))), [
      [2, "edit", 1, "hello!", 0],
      [3, "text", 0, "next", ann],
    ]);
    assert.equal(replyOf(chat.do(request("editMessage", bob, edit)), bob, "published").offset, 2);
  });

  it("are published when their sender repeats them", () => {
    const { chat, red } = chatIn("logged");
    const react = request("react", cy, { roomId: red, target: 1, clientMessageId: "r" });
    chat.command(react);
    chat.settle("kept");
    assert.deepEqual(entries(chat.do(react)), [[2, "reaction", 1, "+1", cy]]);
  });

  it("show in history as the store has them, whatever was said of them", () => {
    const { chat, red } = chatIn("logged");
    chat.command(say(ann, red, "kept"));
    chat.command(request("editMessage", ann, { roomId: red, target: 2, clientMessageId: "e", text: "new" }));
    chat.settle("kept");
    assert.deepEqual(entries(chat.do(say(ann, red, "kept"))), [[2, "text", 0, "new", ann]]);
    const page = replyOf(chat.do(request("history", cy, { roomId: red, offset: 1 })), cy, "history");
    assert.deepEqual(
      page.messages.map(({ offset, text, editedMs }) => [offset, text, editedMs]),
      [[2, "new", 1_000]],
    );
  });

  it("is not the answer to another kind of request with its id", () => {
    const { chat, red } = chatIn("logged");
    chat.command({ ...say(ann, red, "kept"), clientMessageId: "one id" });
    chat.settle("kept");
    const other = request("deleteMessage", ann, { roomId: red, target: 1, clientMessageId: "one id" });
    const effects = chat.do(other);
    assert.deepEqual(entries(effects), [[2, "text", 0, "kept", 0]], "nobody's answer is in it");
    const answer = replyOf(effects, ann, "published");
    assert.deepEqual([answer.request, answer.offset], ["deleteMessage", 2]);
  });
});

describe("what a deleted account said", () => {
  for (const kind of ["logged", "memory"] as const) {
    it(`stays in a ${kind} room, without its name`, () => {
      const { chat, red } = chatIn(kind);
      chat.store.addAccount(2, "Bob", "bob");
      replyOf(chat.do(request("deleteAccount", bob, {})), bob, "done");
      const page = replyOf(chat.do(request("history", cy, { roomId: red })), cy, "history");
      assert.deepEqual(
        page.messages.map(({ sender, text }) => [sender, text]),
        [["(deleted)", "hello"]],
      );
    });
  }
});
