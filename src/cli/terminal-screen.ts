import {
  clearLine,
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import type { ChatScreen } from "./chat-session.ts";
import { type Colors, colored, plain } from "./line-format.ts";
import { mayColor } from "./standard-streams.ts";

export interface TerminalScreenEvents {
  onLine(line: string): void;
  /** Ctrl-D, or Ctrl-C on an empty line. */
  onLeave(): void;
}

export interface Terminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

/** What Node keeps of how many rows the prompt and the typed text took; not in its public types. */
interface WithRows {
  prevRows: number;
}

/**
 * A terminal where lines come in above the line that is being typed. What was typed is taken from the
 * screen when it is sent: it comes back as a line of the conversation when the server has it.
 */
export class TerminalScreen implements ChatScreen {
  readonly colors: Colors;
  readonly #interface: Interface;
  readonly #output: WriteStream;
  #prompt = "> ";
  #isTyping = true;

  constructor(events: TerminalScreenEvents, { input, output }: Terminal) {
    this.colors = mayColor(output) ? colored : plain;
    this.#output = output;
    this.#interface = createInterface({
      input,
      output,
      terminal: true,
      prompt: this.#prompt,
      historySize: 200,
      removeHistoryDuplicates: true,
    });
    this.#interface.on("line", (line) => {
      this.#eraseSubmitted(line);
      events.onLine(line);
    });
    // After the interface's own listener, which has put the character in its place.
    input.on("keypress", () => this.#finishFullRow());
    this.#interface.on("SIGINT", () => {
      if (this.#interface.line === "") events.onLeave();
      else this.#interface.write(null, { ctrl: true, name: "u" });
    });
    this.#interface.on("close", () => {
      this.#isTyping = false;
      events.onLeave();
    });
    this.#redraw();
  }

  show(line: string): void {
    if (!this.#isTyping) {
      this.#output.write(`${line}\n`);
      return;
    }
    const { rows } = this.#interface.getCursorPos();
    this.#clearFrom(rows);
    this.#output.write(`${line}\n`);
    this.#redraw();
  }

  setPrompt(prompt: string): void {
    if (prompt === this.#prompt) return;
    const { rows } = this.#interface.getCursorPos();
    this.#prompt = prompt;
    this.#interface.setPrompt(prompt);
    if (!this.#isTyping) return;
    this.#clearFrom(rows);
    this.#redraw();
  }

  /** No more typing; lines may still be shown. */
  close(): void {
    if (!this.#isTyping) return;
    this.#clearFrom(this.#interface.getCursorPos().rows);
    this.#isTyping = false;
    this.#interface.close();
  }

  /** The cursor is `rows` below the first row of the prompt: clears from there. */
  #clearFrom(rows: number): void {
    if (rows > 0) moveCursor(this.#output, 0, -rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
  }

  #redraw(): void {
    // Whatever the interface drew before is cleared: it must not clear what is above.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the field is there, and not in the types
    (this.#interface as unknown as WithRows).prevRows = 0;
    this.#interface.prompt(true);
  }

  /**
   * When a character fills the last column a terminal stays in that row until the next one comes, but
   * the interface counts a new row. So that both mean the same, the new row is begun at once.
   */
  #finishFullRow(): void {
    if (!this.#isTyping || this.#interface.cursor < this.#interface.line.length) return;
    const { rows, cols } = this.#interface.getCursorPos();
    if (rows === 0 || cols !== 0) return;
    this.#output.write(" ");
    cursorTo(this.#output, 0);
    clearLine(this.#output, 1);
  }

  /** After Enter the cursor is below what was typed. */
  #eraseSubmitted(line: string): void {
    const columns = Math.max(this.#output.columns, 1);
    const width = this.#prompt.length + displayWidth(line);
    // A row that is exactly full has an empty one below it already.
    this.#clearFrom(Math.floor(width / columns) + 1);
    this.#redraw();
  }
}

/** Columns that a text takes, near enough: East Asian wide characters and emoji take two. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
