import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LINE_LIMIT, LineEditor } from "./line-editor.ts";

/** "ab|cd": the text, and where the cursor is. */
function shown({ text, cursor }: LineEditor): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

function editing(shownText: string): LineEditor {
  const editor = new LineEditor();
  const cursor = shownText.indexOf("|");
  editor.set(shownText.replace("|", ""), cursor);
  return editor;
}

describe("editing a line", () => {
  const cases: readonly (readonly [before: string, act: (editor: LineEditor) => void, after: string])[] = [
    ["ab|", (editor) => editor.insert("c"), "abc|"],
    ["a|안녕", (editor) => editor.insert("b"), "ab|안녕"],
    // A letter, then its mark: one grapheme, the cursor behind it.
    ["e|x", (editor) => editor.insert("\u0301"), "e\u0301|x"],
    ["a👩‍👩‍👧|", (editor) => editor.left(), "a|👩‍👩‍👧"],
    ["|👩‍👩‍👧b", (editor) => editor.right(), "👩‍👩‍👧|b"],
    ["a👩‍👩‍👧|b", (editor) => editor.backspace(), "a|b"],
    ["a|한b", (editor) => editor.deleteAhead(), "a|b"],
    ["|", (editor) => editor.backspace(), "|"],
    ["one two  three|", (editor) => editor.wordLeft(), "one two  |three"],
    ["one two  |three", (editor) => editor.wordLeft(), "one |two  three"],
    ["one| two", (editor) => editor.wordRight(), "one two|"],
    ["one two|", (editor) => editor.home(), "|one two"],
    ["one\ntwo|", (editor) => editor.home(), "one\n|two"],
    ["|\none", (editor) => editor.home(), "|\none"],
    ["|one\ntwo", (editor) => editor.end(), "one|\ntwo"],
    ["one| two", (editor) => editor.cutToEnd(), "one|"],
    ["one| two", (editor) => editor.cutToStart(), "| two"],
    ["one two |three", (editor) => editor.cutWordBefore(), "one |three"],
    ["one |two three", (editor) => editor.cutWordAhead(), "one | three"],
  ];
  for (const [before, act, after] of cases) {
    it(`${JSON.stringify(before)} becomes ${JSON.stringify(after)}`, () => {
      const editor = editing(before);
      act(editor);
      assert.equal(shown(editor), after);
    });
  }

  it("puts back what was cut", () => {
    const editor = editing("one two|");
    editor.cutWordBefore();
    editor.home();
    editor.yank();
    assert.equal(shown(editor), "two|one ");
  });

  it("has an end", () => {
    const editor = editing("|");
    assert.ok(editor.insert("x".repeat(LINE_LIMIT)));
    assert.ok(!editor.insert("y"));
    assert.equal(editor.text.length, LINE_LIMIT);
  });

  it("brings back what was typed, and does not lose what is being typed", () => {
    const editor = editing("|");
    for (const text of ["first", "second", "second", "  "]) {
      editor.set(text);
      editor.submit();
    }
    editor.set("draft");
    editor.older();
    assert.equal(editor.text, "second");
    editor.older();
    editor.older();
    assert.equal(editor.text, "first");
    editor.newer();
    editor.newer();
    editor.newer();
    assert.equal(shown(editor), "draft|");
  });
});
