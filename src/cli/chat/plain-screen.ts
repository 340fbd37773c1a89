import type { ChatScreen, LoadedPart, ShownState } from "./chat-screen.ts";
import type { Conversation, Note, ShownMessage } from "./conversation.ts";
import { calendarDay, clockTime, harmless } from "./line-format.ts";
import { formatPlain } from "./message-format.ts";
import { type Painter, paintSpans, type Span } from "./styles.ts";

/** Lines of text that only ever grow: for pipes, files and terminals that know no control sequences. */
export class PlainScreen implements ChatScreen {
  readonly ask = undefined;
  readonly #painter: Painter;
  readonly #printLine: (line: string) => void;
  #shown: ShownState | undefined;
  #day = "";

  constructor(painter: Painter, printLine: (line: string) => void) {
    this.#painter = painter;
    this.#printLine = printLine;
  }

  begin(shown: ShownState): void {
    this.#shown = shown;
    this.#day = calendarDay(shown.nowMs());
  }

  said(conversation: Conversation, message: ShownMessage): void {
    this.#showMessage(conversation, message);
  }

  changed(conversation: Conversation, what: string): void {
    const timeMs = this.#shown?.nowMs() ?? 0;
    this.#print([
      { text: `${clockTime(timeMs)} `, style: "dim" },
      ...this.#whereOf(conversation),
      { text: what, style: "dim" },
    ]);
  }

  noted({ text, style }: Note): void {
    for (const line of text.split("\n")) this.#print([{ text: line, style }]);
  }

  loaded(conversation: Conversation, messages: readonly ShownMessage[], part: LoadedPart): void {
    // The newest ones of a room that was looked at before have been printed.
    if (part === "latest" && messages.length > 0 && this.#printed.has(conversation)) return;
    this.#printed.add(conversation);
    for (const message of messages) this.#showMessage(conversation, message);
  }

  refresh(): void {}

  readonly #printed = new WeakSet<Conversation>();

  #showMessage(conversation: Conversation, message: ShownMessage): void {
    const day = calendarDay(message.timeMs);
    if (day !== this.#day) {
      this.#day = day;
      this.#print([{ text: `-- ${day} --`, style: "dim" }]);
    }
    const [time, ...rest] = formatPlain(message, conversation, this.#shown?.user ?? "");
    this.#print([...(time === undefined ? [] : [time]), ...this.#whereOf(conversation), ...rest]);
  }

  /** The room, when it is not the one that one is in. A whisper says itself whose it is. */
  #whereOf(conversation: Conversation): Span[] {
    if (conversation.isDirect || conversation === this.#shown?.conversations.current) return [];
    return [{ text: `[${harmless(conversation.title)}] `, style: "dim" }];
  }

  #print(spans: readonly Span[]): void {
    this.#printLine(paintSpans(spans, this.#painter));
  }
}
