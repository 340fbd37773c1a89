import type { Key } from "node:readline";
import type { LineEditor } from "./line-editor.ts";

/** What keys do besides editing. */
export interface KeyActions {
  submit(): void;
  complete(): void;
  /** Ctrl-C: what is typed goes away; nothing typed: leave. */
  interrupt(): void;
  leave(): void;
  suspend(): void;
  redraw(): void;
  /** By pages; negative: back. */
  page(count: number): void;
  toEnd(): void;
  goToNumber(number: number): void;
  cancel(): void;
}

const controlEdits: Readonly<Record<string, (editor: LineEditor) => void>> = {
  a: (editor) => editor.home(),
  e: (editor) => editor.end(),
  b: (editor) => editor.left(),
  f: (editor) => editor.right(),
  h: (editor) => editor.backspace(),
  k: (editor) => editor.cutToEnd(),
  u: (editor) => editor.cutToStart(),
  w: (editor) => editor.cutWordBefore(),
  y: (editor) => editor.yank(),
  p: (editor) => editor.older(),
  n: (editor) => editor.newer(),
  left: (editor) => editor.wordLeft(),
  right: (editor) => editor.wordRight(),
  backspace: (editor) => editor.cutWordBefore(),
  delete: (editor) => editor.cutWordAhead(),
};

const metaEdits: Readonly<Record<string, (editor: LineEditor) => void>> = {
  b: (editor) => editor.wordLeft(),
  f: (editor) => editor.wordRight(),
  d: (editor) => editor.cutWordAhead(),
  left: (editor) => editor.wordLeft(),
  right: (editor) => editor.wordRight(),
  backspace: (editor) => editor.cutWordBefore(),
  return: (editor) => editor.insert("\n"),
  enter: (editor) => editor.insert("\n"),
};

const plainEdits: Readonly<Record<string, (editor: LineEditor) => void>> = {
  left: (editor) => editor.left(),
  right: (editor) => editor.right(),
  up: (editor) => editor.older(),
  down: (editor) => editor.newer(),
  home: (editor) => editor.home(),
  backspace: (editor) => editor.backspace(),
  delete: (editor) => editor.deleteAhead(),
};

/** Does what a key stands for. True: the text was changed by typing. */
export function pressKey(
  text: string | undefined,
  key: Key,
  editor: LineEditor,
  actions: KeyActions,
): boolean {
  const { name = "", ctrl = false, meta = false } = key;
  if (ctrl) {
    pressControl(name, editor, actions);
    return false;
  }
  if (meta && /^[1-9]$/.test(name)) actions.goToNumber(Number(name));
  else if (meta) find(metaEdits, name)?.(editor);
  else if (name === "return" || name === "enter") actions.submit();
  else if (name === "tab") actions.complete();
  else if (name === "pageup") actions.page(-1);
  else if (name === "pagedown") actions.page(1);
  else if (name === "escape") actions.cancel();
  else if (name === "end") {
    if (editor.text === "") actions.toEnd();
    else editor.end();
  } else {
    const edit = find(plainEdits, name);
    if (edit !== undefined) edit(editor);
    // What begins with a control character is a key that is not known.
    else if (text !== undefined && !/\p{Cc}/u.test(text)) return editor.insert(text);
  }
  return false;
}

function pressControl(name: string, editor: LineEditor, actions: KeyActions): void {
  if (name === "c") actions.interrupt();
  else if (name === "d") {
    if (editor.text === "") actions.leave();
    else editor.deleteAhead();
  } else if (name === "z") actions.suspend();
  else if (name === "l") actions.redraw();
  else if (name === "end") actions.toEnd();
  else find(controlEdits, name)?.(editor);
}

function find(
  edits: Readonly<Record<string, (editor: LineEditor) => void>>,
  name: string,
): ((editor: LineEditor) => void) | undefined {
  return Object.hasOwn(edits, name) ? edits[name] : undefined;
}
