import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import type { ReadStream, WriteStream } from "node:tty";
import { TerminalScreen } from "./terminal-screen.ts";

const COLUMNS = 20;
const ROWS = 12;

/** As much of a terminal as readline uses: shows what would be on the glass. */
class Glass {
  #cells = Array.from({ length: ROWS }, () => Array.from({ length: COLUMNS }, () => " "));
  #x = 0;
  #y = 0;

  write(text: string): void {
    // oxlint-disable-next-line eslint/no-control-regex -- the escape sequences that a terminal obeys
    for (const [, parameter, action, character] of text.matchAll(/\u001b\[(\d*)([A-Z])|([^])/gu)) {
      if (action !== undefined) this.#act(action, parameter === "" ? 1 : Number(parameter));
      else if (character !== undefined) this.#put(character);
    }
  }

  /** The rows with something in them, and where the cursor is. */
  get rows(): string[] {
    const rows = this.#cells.map((row) => row.join("").trimEnd()).filter((row) => row !== "");
    return [...rows, `cursor ${this.#x},${this.#y}`];
  }

  #act(action: string, count: number): void {
    if (action === "A") this.#y = Math.max(0, this.#y - count);
    else if (action === "B") this.#y = Math.min(ROWS - 1, this.#y + count);
    else if (action === "C") this.#x = Math.min(COLUMNS - 1, this.#x + count);
    else if (action === "D") this.#x = Math.max(0, this.#x - count);
    else if (action === "G") this.#x = count - 1;
    else if (action === "J" || action === "K") {
      const last = action === "J" ? ROWS - 1 : this.#y;
      for (let y = this.#y; y <= last; y++) this.#cells[y]?.fill(" ", y === this.#y ? this.#x : 0);
    } else assert.fail(`the terminal does not know ${action}`);
  }

  #put(character: string): void {
    if (character === "\r") this.#x = 0;
    else if (character === "\n") this.#feed();
    else {
      if (this.#x === COLUMNS) {
        this.#x = 0;
        this.#feed();
      }
      const row = this.#cells[this.#y];
      if (row !== undefined) row[this.#x++] = character;
    }
  }

  #feed(): void {
    if (this.#y < ROWS - 1) {
      this.#y++;
      return;
    }
    this.#cells.shift();
    this.#cells.push(Array.from({ length: COLUMNS }, () => " "));
  }
}

interface Rig {
  readonly screen: TerminalScreen;
  readonly glass: Glass;
  readonly lines: string[];
  readonly leaveCount: () => number;
  readonly type: (keys: string) => Promise<void>;
}

function openTerminal(): Rig {
  const glass = new Glass();
  const input = new PassThrough();
  const output = new PassThrough();
  output.on("data", (bytes: Buffer) => glass.write(bytes.toString()));
  Object.assign(output, { columns: COLUMNS, rows: ROWS, isTTY: false });
  const lines: string[] = [];
  let leaveCount = 0;
  const screen = new TerminalScreen(
    { onLine: (line) => lines.push(line), onLeave: () => leaveCount++ },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of a terminal's streams that is used
    { input: input as unknown as ReadStream, output: output as unknown as WriteStream },
  );
  const type = async (keys: string): Promise<void> => {
    input.write(keys);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { screen, glass, lines, leaveCount: () => leaveCount, type };
}

describe("the terminal", () => {
  it("shows lines above the one that is being typed, which stays as it is", async () => {
    const { screen, glass, type } = openTerminal();
    screen.setPrompt("lobby> ");
    await type("half a thou");
    screen.show("jun: hello");
    await type("ght");
    screen.show("jun: are you there?");
    assert.deepEqual(glass.rows, [
      "jun: hello",
      "jun: are you there?",
      "lobby> half a though",
      "t",
      "cursor 1,3",
    ]);
  });

  it("keeps the cursor where it is in a line of several rows", async () => {
    const { screen, glass, type } = openTerminal();
    await type("one two three four five six");
    await type("\u001b[D\u001b[D\u001b[D");
    screen.show("jun: hello");
    await type("and ");
    assert.deepEqual(glass.rows, ["jun: hello", "> one two three four", " five and six", "cursor 10,2"]);
  });

  it("takes what was typed off the screen when it is sent", async () => {
    const { screen, glass, lines, type } = openTerminal();
    // Two short of full with the prompt, exactly full, one more.
    for (const length of [16, 18, 19, 40]) {
      await type(`${"x".repeat(length)}\r`);
      screen.show(`${length}`);
    }
    assert.deepEqual(
      lines.map((line) => line.length),
      [16, 18, 19, 40],
    );
    assert.deepEqual(glass.rows, ["16", "18", "19", "40", ">", "cursor 2,4"]);
  });

  it("knows a row that is exactly full", async () => {
    const { screen, glass, type } = openTerminal();
    screen.show("before");
    await type("x".repeat(18));
    screen.show("between");
    assert.deepEqual(glass.rows, ["before", "between", `> ${"x".repeat(18)}`, "cursor 0,3"]);
    await type("y");
    assert.deepEqual(glass.rows, ["before", "between", `> ${"x".repeat(18)}`, "y", "cursor 1,3"]);
    await type("\u001b[D");
    assert.deepEqual(glass.rows, ["before", "between", `> ${"x".repeat(18)}`, "y", "cursor 0,3"]);
  });

  it("changes its prompt under the typed line", async () => {
    const { screen, glass, type } = openTerminal();
    await type("hello");
    screen.setPrompt("offline> ");
    assert.deepEqual(glass.rows, ["offline> hello", "cursor 14,0"]);
  });

  it("clears the line at Ctrl-C, and leaves when there is none", async () => {
    const { glass, leaveCount, type } = openTerminal();
    await type("never mind");
    await type("\u0003");
    assert.deepEqual(glass.rows, [">", "cursor 2,0"]);
    assert.equal(leaveCount(), 0);
    await type("\u0003");
    assert.equal(leaveCount(), 1);
  });

  it("shows lines when typing is over, and has no prompt then", async () => {
    const { screen, glass, leaveCount, type } = openTerminal();
    await type("\u0004");
    assert.equal(leaveCount(), 1);
    screen.close();
    screen.show("goodbye");
    assert.ok(glass.rows.some((row) => row.endsWith("goodbye")));
  });
});
