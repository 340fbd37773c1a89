import { emitKeypressEvents, type Key } from "node:readline";
import type { ChatScreen, LoadedPart, ShownState } from "./chat-screen.ts";
import { complete } from "./completion.ts";
import type { Conversation, ShownMessage } from "./conversation.ts";
import { FrameWriter } from "./frame-writer.ts";
import { layOutInput } from "./input-layout.ts";
import { pressKey } from "./key-bindings.ts";
import { LineEditor } from "./line-editor.ts";
import { harmless } from "./line-format.ts";
import { MessageView } from "./message-view.ts";
import { type Pasted, PasteReader } from "./paste-reader.ts";
import { Question } from "./question.ts";
import { statusSpans } from "./status-line.ts";
import { type Painter, paintSpans, type Span } from "./styles.ts";
import { type Terminal, TerminalModes, type TerminalProcess } from "./terminal-modes.ts";
import { fitText } from "./text-width.ts";

export interface TerminalScreenEvents {
  onLine(line: string): void;
  /** Ctrl-D, Ctrl-C on an empty line, or the terminal is gone. */
  onLeave(): void;
  onTyping(): void;
  onGoToNumber(number: number): void;
  /** The first or the last of what is loaded is in sight, and the person looks that way. */
  onExtend(where: "older" | "newer"): void;
  onLatest(): void;
  /** The newest messages of the current conversation are on the screen. */
  onSeen(): void;
}

/** Pictures are drawn at most so often. */
const DRAW_INTERVAL_MS = 25;
/** How long a person is shown as typing is looked at so often. */
const TICK_MS = 2000;
/** Rows of typed text at most. */
const INPUT_ROWS = 6;
/** A text of more lines is sent only after Enter was pressed twice. */
const LINES_UNASKED = 10;

/** A whole terminal: messages, a line with the rooms, and the line that is being typed. */
export class TerminalScreen implements ChatScreen {
  readonly #terminal: Terminal;
  readonly #events: TerminalScreenEvents;
  readonly #painter: Painter;
  readonly #modes: TerminalModes;
  readonly #writer: FrameWriter;
  readonly #editor: LineEditor = new LineEditor();
  readonly #view: MessageView = new MessageView();
  readonly #paste: PasteReader = new PasteReader();
  readonly #tick: NodeJS.Timeout;
  #shown: ShownState | undefined;
  #viewed: Conversation | undefined;
  #question: Question | undefined;
  /** Shown in the place of the rooms until the next key. */
  #hint = "";
  #confirmed = "";
  #drawTimer: NodeJS.Timeout | undefined;
  #isOpen = true;

  constructor(events: TerminalScreenEvents, terminal: Terminal, painter: Painter, owner?: TerminalProcess) {
    this.#events = events;
    this.#terminal = terminal;
    this.#painter = painter;
    this.#writer = new FrameWriter((text) => terminal.output.write(text));
    this.#modes = new TerminalModes(
      terminal,
      { onBack: () => this.#redrawAll(), onHangUp: () => events.onLeave() },
      owner,
    );
    this.#modes.take();
    emitKeypressEvents(terminal.input);
    terminal.input.on("keypress", this.#onKey);
    terminal.input.on("end", this.#onInputEnd);
    terminal.input.resume();
    terminal.output.on("resize", this.#redrawAll);
    this.#tick = setInterval(() => this.refresh(), TICK_MS).unref();
  }

  readonly ask = (question: string, isSecret: boolean): Promise<string | undefined> => {
    this.#question?.answer(undefined);
    const asked = new Question(harmless(question), isSecret);
    this.#question = asked;
    this.refresh();
    return asked.answered;
  };

  begin(shown: ShownState): void {
    this.#shown = shown;
    this.refresh();
  }

  said(): void {
    this.refresh();
  }

  changed(): void {
    this.refresh();
  }

  noted(): void {
    this.refresh();
  }

  loaded(
    conversation: Conversation,
    _messages: readonly ShownMessage[],
    part: LoadedPart,
    around?: number,
  ): void {
    if (conversation !== this.#shown?.conversations.current) return;
    if (this.#viewed !== conversation || part === "latest") this.#view.follow();
    this.#viewed = conversation;
    if (part === "around" && around !== undefined) this.#view.centre(conversation, around);
    else if (part === "older") this.#view.scroll(conversation, -this.#messageRows + 1);
    this.#view.stopAtTop(conversation);
    this.refresh();
  }

  refresh(): void {
    if (!this.#isOpen) return;
    this.#drawTimer ??= setTimeout(() => this.draw(), DRAW_INTERVAL_MS);
  }

  /** Gives the terminal back. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#drawTimer);
    clearInterval(this.#tick);
    this.#question?.answer(undefined);
    const { input, output } = this.#terminal;
    input.off("keypress", this.#onKey);
    input.off("end", this.#onInputEnd);
    input.pause();
    output.off("resize", this.#redrawAll);
    this.#modes.leave();
  }

  /** Draws now what would be drawn soon. */
  draw(): void {
    clearTimeout(this.#drawTimer);
    this.#drawTimer = undefined;
    if (!this.#isOpen || this.#shown === undefined) return;
    const { columns, height } = this.#size;
    const editor = this.#question?.editor ?? this.#editor;
    const input = layOutInput(
      this.#prompt,
      editor.text,
      editor.cursor,
      { columns, rowLimit: Math.min(INPUT_ROWS, Math.max(1, height - 2)) },
      this.#question?.isSecret,
    );
    const { current } = this.#shown.conversations;
    if (this.#viewed !== current) {
      this.#view.follow();
      this.#viewed = current;
    }
    const messageRows = Math.max(0, height - 1 - input.rows.length);
    this.#view.resize(columns, messageRows);
    const messages = messageRows === 0 ? [] : this.#view.rows(current).rows;
    const rows = [
      ...Array.from({ length: messageRows - messages.length }, () => ""),
      ...messages.map((row) => paintSpans(row, this.#painter)),
      ...(height > input.rows.length ? [paintSpans(this.#statusSpans(columns), this.#painter)] : []),
      ...input.rows,
    ];
    this.#writer.draw({
      rows,
      cursorRow: rows.length - input.rows.length + input.cursorRow,
      cursorColumn: Math.min(input.cursorColumn, columns - 1),
    });
    if (this.#view.isFollowing && !current.hasNewer) this.#events.onSeen();
  }

  get #size(): { readonly columns: number; readonly height: number } {
    const { columns, rows } = this.#terminal.output;
    return { columns: Math.max(columns ?? 80, 2), height: Math.max(rows ?? 24, 1) };
  }

  get #messageRows(): number {
    return Math.max(1, this.#size.height - 2);
  }

  get #prompt(): string {
    if (this.#question !== undefined) return this.#question.question;
    return `${harmless(this.#shown?.conversations.current.title ?? "")}> `;
  }

  #statusSpans(columns: number): Span[] {
    if (this.#hint !== "") return [{ text: fitText(` ${this.#hint}`, columns), style: "accent" }];
    return this.#shown === undefined ? [] : statusSpans(this.#shown, columns, this.#view.isFollowing);
  }

  readonly #redrawAll = (): void => {
    this.#writer.forget();
    this.draw();
  };

  readonly #onInputEnd = (): void => this.#events.onLeave();

  readonly #onKey = (text: string | undefined, key: Key): void => {
    const pasted = this.#paste.take(text, key);
    if (pasted === "none") this.#press(text, key);
    else if (pasted !== "more") this.#insertPasted(pasted);
    this.refresh();
  };

  #press(text: string | undefined, key: Key): void {
    this.#hint = "";
    const question = this.#question;
    const editor = question?.editor ?? this.#editor;
    const isTyped = pressKey(text, key, editor, {
      submit: () => this.#submit(),
      complete: () => this.#complete(),
      interrupt: () => this.#interrupt(),
      leave: () => (question === undefined ? this.#events.onLeave() : this.#answer(undefined)),
      suspend: () => this.#modes.suspend(),
      redraw: () => this.#writer.forget(),
      page: (count) => this.#page(count),
      toEnd: () => {
        this.#view.follow();
        this.#events.onLatest();
      },
      goToNumber: (number) => this.#events.onGoToNumber(number),
      cancel: () => (question === undefined ? undefined : this.#answer(undefined)),
    });
    if (isTyped && question === undefined && !this.#editor.text.startsWith("/")) this.#events.onTyping();
  }

  #insertPasted(pasted: Exclude<Pasted, "none" | "more">): void {
    const editor = this.#question?.editor ?? this.#editor;
    if (pasted === "tooLong" || !editor.insert(pasted.text)) this.#hint = "this is too long to be pasted";
  }

  #submit(): void {
    if (this.#question !== undefined) {
      this.#answer(this.#question.editor.text);
      return;
    }
    const { text } = this.#editor;
    const lineCount = text.trimEnd().split("\n").length;
    if (lineCount > LINES_UNASKED && this.#confirmed !== text) {
      this.#confirmed = text;
      this.#hint = `${lineCount} lines: Enter again sends them as one message, Ctrl-U drops them`;
      return;
    }
    this.#confirmed = "";
    this.#view.follow();
    this.#events.onLine(this.#editor.submit());
  }

  #answer(answer: string | undefined): void {
    this.#question?.answer(answer);
    this.#question = undefined;
  }

  #interrupt(): void {
    if (this.#question !== undefined) this.#answer(undefined);
    else if (this.#editor.text === "") this.#events.onLeave();
    else this.#editor.set("");
  }

  #complete(): void {
    if (this.#shown === undefined || this.#question !== undefined) return;
    const { text, cursor, candidates } = complete(
      this.#editor.text,
      this.#editor.cursor,
      this.#shown.conversations,
    );
    this.#editor.set(text, cursor);
    if (candidates.length > 1) this.#hint = candidates.map(harmless).join("  ");
  }

  #page(count: number): void {
    const current = this.#shown?.conversations.current;
    if (current === undefined) return;
    this.#view.scroll(current, count * Math.max(1, this.#messageRows - 1));
    this.#view.stopAtTop(current);
    if (count < 0 && this.#view.rows(current).isAtTop && current.hasOlder) this.#events.onExtend("older");
    if (count > 0 && current.hasNewer && this.#view.isAtEnd(current)) this.#events.onExtend("newer");
  }
}
