import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "../../../src/base/random.ts";
import { ChatError } from "../../../src/client/chat-error.ts";
import { newEntry } from "../../../src/client/log-entry.ts";
import type { HistoryOptions, MessagePage } from "../../../src/client/reading-api.ts";
import type { ClientEventOf } from "../../../src/client/client-events.ts";
import { MessageWindow } from "./message-window.ts";

/** A log that answers like the server; pages come when the test lets them. */
class Log {
  entries: ClientEventOf<"message">[] = [];
  readonly waiting: (() => void)[] = [];
  fails = 0;

  constructor(count: number) {
    for (let index = 0; index < count; index++) this.say();
  }

  say(kind: "text" | "reaction" = "text", target = 0): ClientEventOf<"message"> {
    const offset = (this.entries.at(-1)?.offset ?? 0) + 1;
    const entry = newEntry({
      offset,
      timeMs: offset,
      sender: "jun",
      text: kind === "text" ? `m${offset}` : "👍",
      kind,
      target,
      replyTo: 0,
    });
    const event = {
      type: "message",
      roomId: 1,
      room: "r",
      mentionsMe: false,
      isOwn: false,
      isMissed: false,
      ...entry,
    } as const;
    this.entries.push(event);
    return event;
  }

  read(range: HistoryOptions): Promise<MessagePage> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => {
        if (this.fails > 0) {
          this.fails--;
          reject(new ChatError("OFFLINE", "no connection"));
        } else resolve(this.#page(range));
      });
    });
  }

  /** Lets pages come until none is asked for. */
  async settle(): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      const answer = this.waiting.shift();
      if (answer === undefined) return;
      answer();
    }
  }

  #page({ after, before, around, limit = 50 }: HistoryOptions): MessagePage {
    const all = this.entries;
    if (around !== undefined) {
      const at = Math.max(
        all.findIndex(({ offset }) => offset >= around),
        0,
      );
      const begin = Math.max(at - (limit >> 1), 0);
      return { messages: all.slice(begin, begin + limit), more: begin + limit < all.length };
    }
    if (after !== undefined) {
      const found = all.filter(({ offset }) => offset > after);
      return { messages: found.slice(0, limit), more: found.length > limit };
    }
    const found = all.filter(({ offset }) => offset < (before ?? Number.POSITIVE_INFINITY));
    return { messages: found.slice(-limit), more: found.length > limit };
  }
}

function open(log: Log, limit = 1000): MessageWindow {
  return new MessageWindow({
    userName: "mina",
    limit,
    read: (range) => log.read(range),
    onChange: () => {},
    toFailure: (error) => error as ChatError,
  });
}

function offsets(window: MessageWindow): string {
  const all = window.messages.map(({ offset }) => offset);
  return all.length === 0 ? "" : `${all[0]}..${all.at(-1)} (${all.length})`;
}

function codeOf({ failure }: MessageWindow): string | undefined {
  return failure?.code;
}

describe("a window on a log", () => {
  it("begins at the end and grows at both ends", async () => {
    const log = new Log(350);
    const window = open(log);
    void window.loadNewest();
    assert.equal(window.phase, "loading");
    await log.settle();
    assert.equal(offsets(window), "251..350 (100)");
    assert.equal(window.hasOlder, true);
    assert.equal(window.hasNewer, false);
    window.applyLive(log.say());
    void window.loadOlder();
    void window.loadOlder();
    assert.equal(window.isLoadingOlder, true);
    await log.settle();
    assert.equal(offsets(window), "151..351 (201)");
    void window.loadOlder();
    await log.settle();
    void window.loadOlder();
    await log.settle();
    assert.equal(offsets(window), "1..351 (351)");
    assert.equal(window.hasOlder, false);
  });

  it("begins in the middle, and hears live messages once it has reached the end", async () => {
    const log = new Log(300);
    const window = open(log);
    void window.loadAround(100);
    await log.settle();
    assert.equal(offsets(window), "50..149 (100)");
    window.applyLive(log.say());
    assert.equal(offsets(window), "50..149 (100)");
    void window.loadNewer();
    await log.settle();
    void window.loadNewer();
    await log.settle();
    assert.equal(offsets(window), "50..301 (252)");
    assert.equal(window.hasNewer, false);
    window.applyLive(log.say());
    assert.equal(offsets(window), "50..302 (253)");
  });

  it("loses nothing that is said while a page is on its way", async () => {
    const log = new Log(10);
    const window = open(log);
    void window.loadNewest();
    const before = log.entries.slice();
    const late = [log.say(), log.say()];
    log.entries = before; // the page is of before
    for (const event of late) window.applyLive(event);
    await log.settle();
    assert.equal(offsets(window), "1..12 (12)");
    assert.equal(window.hasNewer, false);
  });

  it("asks on when a page has no messages in it", async () => {
    const log = new Log(30);
    for (let count = 0; count < 250; count++) log.say("reaction", 30);
    const window = open(log);
    void window.loadNewest();
    await log.settle();
    assert.equal(offsets(window), "1..30 (30)");
    assert.equal(window.to, 280);
  });

  it("applies changes wherever they lie", async () => {
    const log = new Log(300);
    const window = open(log);
    void window.loadAround(100);
    await log.settle();
    const reaction = log.say("reaction", 100);
    window.applyLive({ ...reaction, type: "reaction", reaction: "👍", added: true, direct: false });
    assert.deepEqual(window.find(100)?.reactions, [{ reaction: "👍", count: 1, isMine: false }]);
    assert.equal(window.hasNewer, true);
  });

  it("knows that it is behind when something was left out, and catches up", async () => {
    const log = new Log(5);
    const window = open(log);
    void window.loadNewest();
    await log.settle();
    log.say();
    window.applyLive(log.say());
    assert.equal(window.hasNewer, true);
    assert.equal(offsets(window), "1..5 (5)");
    void window.loadNewer();
    await log.settle();
    assert.equal(offsets(window), "1..7 (7)");
    window.markBehind();
    assert.equal(window.hasNewer, true);
  });

  it("tells what is not kept any more", async () => {
    const log = new Log(5);
    const window = open(log);
    void window.loadNewest();
    await log.settle();
    for (let count = 0; count < 10; count++) log.say();
    log.entries = log.entries.slice(10);
    window.markBehind();
    void window.loadNewer();
    await log.settle();
    assert.deepEqual([...window.holes], [[11, 6]]);
    assert.equal(offsets(window), "1..15 (10)");
  });

  it("is trimmed at either end, and loads that again", async () => {
    const log = new Log(500);
    const window = open(log, 100);
    void window.loadNewest();
    await log.settle();
    void window.loadOlder();
    await log.settle();
    assert.equal(offsets(window), "301..500 (200)");
    assert.equal(window.trimOldest(), true);
    assert.equal(offsets(window), "401..500 (100)");
    assert.equal(window.hasOlder, true);
    void window.loadOlder();
    assert.equal(window.trimOldest(), false, "not while that end grows");
    await log.settle();
    assert.equal(window.trimNewest(), true);
    assert.equal(offsets(window), "301..400 (100)");
    assert.equal(window.hasNewer, true);
    assert.equal(window.to, 400);
    void window.loadNewer();
    await log.settle();
    assert.equal(offsets(window), "301..500 (200)");
    assert.deepEqual([...window.holes], []);
    assert.equal(window.trimNewest(), true);
    assert.equal(window.trimNewest(), false);
  });

  it("tells why a page did not come, and asks again", async () => {
    const log = new Log(200);
    const window = open(log);
    log.fails = 1;
    void window.loadNewest();
    await log.settle();
    assert.equal(window.phase, "failed");
    assert.equal(codeOf(window), "OFFLINE");
    void window.loadNewest();
    await log.settle();
    assert.equal(window.phase, "ready");
    assert.equal(codeOf(window), undefined);
    log.fails = 1;
    void window.loadOlder();
    await log.settle();
    assert.equal(codeOf(window), "OFFLINE");
    assert.equal(window.isLoadingOlder, false);
    void window.loadOlder();
    await log.settle();
    assert.equal(offsets(window), "1..200 (200)");
  });

  it("does not take pages for a window that is no more", async () => {
    const log = new Log(300);
    const window = open(log);
    void window.loadNewest();
    void window.loadAround(50);
    await log.settle();
    assert.equal(offsets(window), "1..100 (100)");
    void window.loadNewer();
    window.clear();
    await log.settle();
    assert.equal(window.phase, "empty");
    assert.equal(offsets(window), "");
  });

  it("has in the end what the log has, whatever happens in between (200 seeds)", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new SeededRandom(seed);
      const log = new Log(random.below(400));
      const window = open(log, 150);
      void window.loadNewest();
      for (let step = 0; step < 40; step++) {
        const dice = random.below(7);
        if (dice === 0) void window.loadOlder();
        else if (dice === 1) void window.loadNewer();
        else if (dice === 2) window.applyLive(log.say());
        else if (dice === 3)
          log.say(); // missed
        else if (dice === 4) window.trimOldest();
        else if (dice === 5 && random.chance(0.2))
          void window.loadAround(1 + random.below(log.entries.length + 1));
        else log.waiting.shift()?.();
        for (let turn = 0; turn < 4; turn++) await Promise.resolve();
      }
      await log.settle();
      const found = window.messages.map(({ offset }) => offset);
      for (const [index, offset] of found.entries()) {
        if (index > 0)
          assert.equal(offset, (found[index - 1] ?? 0) + 1, `seed ${seed}: no gap and no repeat`);
      }
      assert.deepEqual([...window.holes], [], `seed ${seed}`);
      if (!window.hasNewer && window.phase === "ready" && window.to < log.entries.length) {
        // Nothing has been told since: the next message shows that some were missed.
        window.applyLive(log.say());
        assert.equal(window.hasNewer, true, `seed ${seed}`);
      }
    }
  });
});
