import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessageKind } from "../protocol/generated/portico/v1/portico_pb.js";
import type { ModelEntry, ModelLog } from "./testing/model-log.ts";
import { runTalk, type TalkRun } from "./testing/talk-run.ts";

const SEEDS = 300;

type ToldEvent = TalkRun["lobby"][number];

/** "7 mina* edit@3 text"; "*": this client's own. Undefined: not an entry. */
function lineOfEvent(event: ToldEvent): string | undefined {
  if (event.type === "resumed" || event.type === "gap") return undefined;
  const who = `${event.offset} ${event.sender}${event.isOwn ? "*" : ""}`;
  switch (event.type) {
    case "message":
    case "whisper":
      return `${who} text ${event.text}`;
    case "edited":
      return `${who} edit@${event.target} ${event.text}`;
    case "deleted":
      return `${who} delete@${event.target}`;
    case "reaction":
      return `${who} ${event.added ? "reaction" : "reactionRemoved"}@${event.target} ${event.reaction}`;
  }
}

function lineOfEntry({ offset, sender, id, kind, target, text }: ModelEntry): string {
  const who = `${offset} ${sender}${id.startsWith("own-") ? "*" : ""}`;
  switch (kind) {
    case MessageKind.TEXT:
      return `${who} text ${text}`;
    case MessageKind.EDIT:
      return `${who} edit@${target} ${text}`;
    case MessageKind.DELETE:
      return `${who} delete@${target}`;
    case MessageKind.REACTION:
      return `${who} reaction@${target} ${text}`;
    case MessageKind.REACTION_REMOVED:
      return `${who} reactionRemoved@${target} ${text}`;
  }
}

function linesOf(events: readonly ToldEvent[]): string[] {
  return events.flatMap((event) => lineOfEvent(event) ?? []);
}

function linesAfter(log: ModelLog, offset: number): string[] {
  return log.entries.slice(offset).map(lineOfEntry);
}

/** Every promise of a message or a change that resolved tells the one place where it is. */
function expectOneOfEach({ server, sent }: TalkRun, where: string): void {
  for (const { id, outcome } of sent) {
    const copies = [server.lobby, server.whispers].flatMap(({ entries }) =>
      entries.filter((entry) => entry.id === id),
    );
    assert.deepEqual(
      copies.map(({ offset }) => `${offset}`),
      [outcome],
      `${where}: ${id}`,
    );
  }
}

describe("resuming over a network that breaks", () => {
  for (const replays of [true, false]) {
    const how = replays ? "replayed by the server" : "fetched from history";
    it(`tells every entry once and in order, own ones as own: ${how} (${SEEDS} seeds)`, async () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const run = await runTalk(seed, { replays });
        const where = `seed ${seed}`;
        assert.deepEqual(linesOf(run.lobby), linesAfter(run.server.lobby, run.beganAfter), where);
        expectOneOfEach(run, where);
        assert.ok(
          run.lobby.every((event) => event.type !== "resumed" || event.recovered),
          where,
        );
      }
    });
  }

  it(`tells every whisper since the read marker once and in order (${SEEDS} seeds)`, async () => {
    let whisperCount = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { server, whispers } = await runTalk(seed, { replays: true });
      assert.deepEqual(linesOf(whispers), linesAfter(server.whispers, server.readOffset), `seed ${seed}`);
      assert.ok(
        whispers.every(({ type }) => type !== "resumed" && type !== "gap"),
        `seed ${seed}`,
      );
      whisperCount += whispers.length;
    }
    assert.ok(whisperCount > SEEDS * 5, `${whisperCount} whispers were told`);
  });

  it(`tells what the server left out, and everything else (${SEEDS} seeds)`, async () => {
    let gapCount = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = await runTalk(seed, { replays: true, skips: true });
      const where = `seed ${seed}`;
      let expected = run.beganAfter + 1;
      for (const event of run.lobby) {
        if (event.type === "gap") {
          assert.equal(event.fromOffset, expected, where);
          expected = event.toOffset + 1;
          gapCount++;
        } else if (event.type !== "resumed") {
          const entry = run.server.lobby.entries[expected - 1];
          assert.equal(lineOfEvent(event), entry === undefined ? "nothing" : lineOfEntry(entry), where);
          expected++;
        }
      }
      assert.equal(expected, run.server.lobby.lastOffset + 1, where);
      expectOneOfEach(run, where);
    }
    assert.ok(gapCount > SEEDS / 4, `${gapCount} gaps were tried`);
  });

  for (const replays of [true, false]) {
    it(`tells when messages are lost, and is in order all the same (replays: ${replays}, ${SEEDS} seeds)`, async () => {
      let lossCount = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { lobby, beganAfter } = await runTalk(seed, { replays, skips: true, loses: true });
        let expected: number | undefined = beganAfter + 1;
        for (const event of lobby) {
          if (event.type === "resumed") {
            if (!event.recovered) {
              expected = undefined;
              lossCount++;
            }
          } else if (event.type === "gap") {
            assert.equal(event.fromOffset, expected ?? event.fromOffset, `seed ${seed}`);
            expected = event.toOffset + 1;
          } else {
            assert.equal(event.offset, expected ?? event.offset, `seed ${seed}`);
            expected = event.offset + 1;
          }
        }
      }
      assert.ok(lossCount > SEEDS / 4, `${lossCount} losses were tried`);
    });
  }
});
