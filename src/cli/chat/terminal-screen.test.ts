import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { describe, it, type TestContext } from "node:test";
import { Conversation, shownMessage } from "./conversation.ts";
import { Conversations } from "./conversations.ts";
import { clockTime } from "./line-format.ts";
import { plainPainter } from "./styles.ts";
import { TerminalScreen } from "./terminal-screen.ts";
import { NOW_MS, said } from "./testing/fake-port.ts";
import { Glass } from "./testing/glass.ts";

interface Rig {
  readonly screen: TerminalScreen;
  readonly glass: Glass;
  readonly lobby: Conversation;
  readonly conversations: Conversations;
  /** "line hello", "leave", …: what the screen told. */
  readonly told: string[];
  /** Rows that are not empty; times are TT:TT. */
  readonly shown: () => string[];
  readonly type: (keys: string) => Promise<void>;
  readonly say: (offset: number, sender: string, text: string) => void;
  readonly resize: (columns: number, rows: number) => void;
}

function openTerminal(test: TestContext, columns = 30, rows = 8): Rig {
  const glass = new Glass(columns, rows);
  const input = new PassThrough();
  const events = new EventEmitter();
  const output = Object.assign(events, {
    write: (text: string) => glass.write(text),
    get columns() {
      return glass.columns;
    },
    get rows() {
      return glass.rows;
    },
  });
  Object.defineProperties(output, {
    columns: { get: () => glass.columns },
    rows: { get: () => glass.rows },
  });
  const told: string[] = [];
  const owner = { on: () => undefined, off: () => undefined, stop: () => told.push("stop") };
  const screen = new TerminalScreen(
    {
      onLine: (line) => told.push(`line ${line}`),
      onLeave: () => told.push("leave"),
      onTyping: () => undefined,
      onGoToNumber: (number) => told.push(`go ${number}`),
      onExtend: (where) => told.push(`extend ${where}`),
      onLatest: () => told.push("latest"),
      onSeen: () => undefined,
    },
    { input, output },
    plainPainter,
    owner,
  );
  test.after(() => screen.close());
  const lobby = new Conversation(1, "lobby", false);
  const conversations = new Conversations(lobby);
  screen.begin({
    conversations,
    user: "mina",
    nowMs: () => NOW_MS,
    isOnline: () => true,
    pendingCount: () => 0,
  });
  screen.draw();
  return {
    screen,
    glass,
    lobby,
    conversations,
    told,
    shown: () =>
      glass.shown.map((row) => row.replace(clockTime(NOW_MS), "TT:TT")).filter((row) => row !== ""),
    type: async (keys) => {
      input.write(keys);
      await new Promise((resolve) => setImmediate(resolve));
      screen.draw();
    },
    say: (offset, sender, text) => {
      const message = shownMessage(said(offset, sender, text), false);
      if (message !== undefined && lobby.add(message)) screen.said();
      screen.draw();
    },
    resize: (newColumns, newRows) => {
      glass.resize(newColumns, newRows);
      events.emit("resize");
    },
  };
}

describe("the terminal", () => {
  it("shows messages above the line that is being typed, which stays as it is", async (test) => {
    const { glass, shown, type, say } = openTerminal(test);
    await type("half a 한글");
    await type("\u001b[D");
    say(1, "jun", "안녕");
    assert.deepEqual(shown(), ["-- 2023-11-14 --", "TT:TT jun: 안녕  #1", " 1:lobby", "lobby> half a 한글"]);
    assert.equal(glass.cursor, "16,7");
    await type("!");
    assert.equal(glass.shown.at(-1), "lobby> half a 한!글");
    assert.equal(glass.cursor, "17,7");
  });

  it("breaks long messages between words, and draws again at another size", (test) => {
    const { shown, say, resize } = openTerminal(test);
    say(1, "jun", "one two three four five six");
    assert.deepEqual(shown().slice(1, 3), ["TT:TT jun: one two three four", "      five six  #1"]);
    resize(60, 8);
    assert.deepEqual(shown().slice(1, 2), ["TT:TT jun: one two three four five six  #1"]);
    resize(20, 2);
    assert.deepEqual(shown(), [" 1:lobby", "lobby>"]);
    resize(5, 1);
    assert.equal(shown().length, 1);
  });

  it("sends what is typed, and brings it back", async (test) => {
    const { glass, told, type } = openTerminal(test);
    await type("hello\r");
    await type("\u001b[A");
    assert.deepEqual(told, ["line hello"]);
    assert.equal(glass.shown.at(-1), "lobby> hello");
  });

  it("looks back, stays there whatever comes, and returns", async (test) => {
    const { told, shown, type, say } = openTerminal(test);
    for (let offset = 1; offset <= 20; offset++) say(offset, "jun", `m${offset}`);
    await type("\u001b[5~");
    const before = shown().slice(0, 6);
    assert.equal(before.at(-1), "TT:TT jun: m15  #15");
    say(21, "jun", "m21");
    assert.deepEqual(shown().slice(0, 6), before);
    assert.match(shown().at(-2) ?? "", /looking back/);
    for (let page = 0; page < 5; page++) await type("\u001b[5~");
    assert.equal(shown()[0], "-- 2023-11-14 --");
    assert.ok(told.includes("extend older"));
    await type("\u001b[F");
    assert.deepEqual(told.at(-1), "latest");
    assert.equal(shown().at(-3), "TT:TT jun: m21  #21");
  });

  it("takes a paste of several lines as one message, and asks when it is long", async (test) => {
    const { glass, told, type } = openTerminal(test, 60, 12);
    await type("\u001b[200~one\r\ntwo\u0007\rthree\u001b[201~");
    assert.deepEqual(told, []);
    await type("\r");
    assert.deepEqual(told, ["line one\ntwo\nthree"]);
    const long = Array.from({ length: 11 }, (_, index) => `${index}`).join("\r");
    await type(`\u001b[200~${long}\u001b[201~`);
    await type("\r");
    assert.equal(told.length, 1);
    assert.ok(glass.shown.some((row) => row.includes("11 lines: Enter again sends them")));
    await type("\r");
    assert.equal(told.at(-1), `line ${long.replaceAll("\r", "\n")}`);
  });

  it("refuses a paste that is too long", async (test) => {
    const { glass, type } = openTerminal(test, 60, 12);
    await type(`\u001b[200~${"x".repeat(20_000)}\u001b[201~`);
    assert.equal(glass.shown.at(-1), "lobby>");
    assert.ok(glass.shown.some((row) => row.includes("too long")));
  });

  it("completes, and shows what there is to choose from", async (test) => {
    const { glass, lobby, type } = openTerminal(test);
    for (const name of ["june", "jun"]) lobby.meet(name);
    await type("/w j\t");
    assert.deepEqual(glass.shown.slice(-2), [" jun  june", "lobby> /w jun"]);
    await type("e\t");
    assert.deepEqual(glass.shown.slice(-2), [" 1:lobby", "lobby> /w june"]);
  });

  it("shows the rooms with what is unread, and changes the room", async (test) => {
    const { glass, conversations, screen, told, type } = openTerminal(test, 60, 8);
    const games = conversations.room(5, "games");
    games.unreadCount = 3;
    games.mentionCount = 1;
    conversations.direct("jun", 9);
    screen.draw();
    assert.equal(glass.shown.at(-2), " 1:lobby  2:games 3!  3:@jun");
    await type("\u001b2");
    assert.deepEqual(told, ["go 2"]);
    conversations.goTo(games);
    screen.draw();
    assert.equal(glass.shown.at(-1), "games>");
  });

  it("asks for a secret without showing or remembering it", async (test) => {
    const { glass, screen, told, type } = openTerminal(test);
    const asked = screen.ask("password: ", true);
    await type("s3c한");
    assert.equal(glass.shown.at(-1), "password: ••••");
    await type("\r");
    assert.equal(await asked, "s3c한");
    await type("\u001b[A");
    assert.equal(glass.shown.at(-1), "lobby>");
    const dropped = screen.ask("password: ", true);
    await type("\u0003");
    assert.equal(await dropped, undefined);
    assert.deepEqual(told, []);
  });

  it("clears the line at Ctrl-C, and leaves when there is none", async (test) => {
    const { glass, told, type } = openTerminal(test);
    await type("never mind");
    await type("\u0003");
    assert.equal(glass.shown.at(-1), "lobby>");
    await type("\u0003");
    await type("\u0004");
    assert.deepEqual(told, ["leave", "leave"]);
  });

  it("gives the terminal back", async (test) => {
    const { glass, screen, told, type } = openTerminal(test);
    assert.ok(glass.modes.has("?1049") && glass.modes.has("?2004"));
    await type("\u001a");
    assert.deepEqual(told, ["stop"]);
    assert.deepEqual([...glass.modes].sort(), ["?25", "?7"]);
    screen.close();
    assert.deepEqual([...glass.modes].sort(), ["?25", "?7"]);
  });
});
