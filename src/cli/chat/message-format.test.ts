import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Conversation, type Item, shownMessage } from "./conversation.ts";
import { clockTime } from "./line-format.ts";
import { formatItem, formatPlain, shortOf } from "./message-format.ts";
import { colorPainter, nameStyle, paintSpans, plainPainter, plainText } from "./styles.ts";
import { NOW_MS, said } from "./testing/fake-port.ts";

function message(...args: Parameters<typeof said>) {
  const shown = shownMessage(said(...args), false);
  assert.ok(shown !== undefined);
  return shown;
}

function linesOf(item: Item, conversation = new Conversation(1, "lobby", false)): string[] {
  return formatItem(item, conversation).map(({ spans }) =>
    plainText(spans).replace(clockTime(NOW_MS), "TT:TT"),
  );
}

describe("a message on the screen", () => {
  it("has its time, its sender, its text and its number", () => {
    assert.deepEqual(linesOf(message(12, "jun", "hello")), ["TT:TT jun: hello  #12"]);
  });

  it("has its lines below each other, where nothing can look like another message", () => {
    assert.deepEqual(linesOf(message(12, "jun", "one\n12:00 sora: two\r\nthree")), [
      "TT:TT jun: one",
      "      12:00 sora: two",
      "      three  #12",
    ]);
  });

  it("quotes what it answers, and has its reactions and that it was edited", () => {
    const room = new Conversation(1, "lobby", false);
    room.add(message(11, "sora", "long ".repeat(20)));
    const reactions = [
      { reaction: "👍", count: 2, isMine: true },
      { reaction: "🎉", count: 1, isMine: false },
    ];
    const lines = linesOf(message(12, "jun", "yes", { replyTo: 11, editedMs: 1, reactions }), room);
    assert.equal(lines[0], "      ┌ sora: long long long long long long long long l…");
    assert.deepEqual(lines.slice(1), ["TT:TT jun: yes (edited)  #12", "      👍 2*  🎉 1"]);
    assert.equal(linesOf(message(12, "jun", "yes", { replyTo: 3 }), room)[0], "      ┌ #3");
  });

  it("is gone when it was deleted", () => {
    assert.deepEqual(linesOf(message(12, "jun", "", { isDeleted: true, editedMs: 1 })), [
      "TT:TT jun: (deleted)  #12",
    ]);
  });

  it("cannot act on the terminal, in none of its parts", () => {
    const evil = "\u001b[2J\u202e\u0007";
    const reactions = [{ reaction: evil, count: 1, isMine: false }];
    const room = new Conversation(1, "lobby", false);
    room.add(message(1, evil, evil));
    const item = message(2, evil, evil, { replyTo: 1, reactions });
    for (const text of [...linesOf(item, room), plainText(formatPlain(item, room, "mina")), shortOf(item)]) {
      assert.doesNotMatch(text, /[\p{Cc}\p{Bidi_Control}]/u);
    }
  });

  it("is one line where lines only grow", () => {
    const room = new Conversation(9, "jun", true);
    const plain = plainText(formatPlain(message(2, "jun", "one\ntwo", { editedMs: 1 }), room, "mina"));
    assert.equal(plain.replace(clockTime(NOW_MS), "T"), "T jun whispers: one ⏎ two (edited)");
  });
});

describe("colours", () => {
  it("are the same for a name, however it is written", () => {
    assert.equal(nameStyle("Mina"), nameStyle("mina"));
    assert.ok(new Set(["mina", "jun", "sora", "ari", "bo", "수아", "eun"].map(nameStyle)).size >= 3);
  });

  it("begin and end at their text, or are not there at all", () => {
    const spans = [{ text: "a", style: "dim" }, { text: "b" }] as const;
    assert.equal(paintSpans(spans, colorPainter), "\u001b[2ma\u001b[0mb");
    assert.equal(paintSpans(spans, plainPainter), "ab");
  });
});
