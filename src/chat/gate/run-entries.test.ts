import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { PacketType } from "../../protocol/codes.ts";
import { packetSize } from "../../protocol/packet-encoder.ts";
import type { RoomEvent } from "../hub/event.ts";
import { entriesOf, type RunEntry } from "./run-entries.ts";

const ROOM = 7;
const LIMIT = 16_384;

function message(offset: number): RoomEvent {
  const plain = { timeMs: 1, sender: "mina", text: "x", kind: "text", target: 0, replyTo: 0 } as const;
  return { type: "message", roomId: ROOM, offset, ...plain, publisher: 0, requestId: 0 };
}

/** "+a" comes, "-a" leaves, "5" a message, "#5" a count. */
function eventOf(word: string): RoomEvent {
  const rest = word.slice(1);
  if (word.startsWith("+")) return { type: "userJoined", roomId: ROOM, name: rest };
  if (word.startsWith("-")) return { type: "userLeft", roomId: ROOM, name: rest };
  if (word.startsWith("#")) return { type: "memberCount", roomId: ROOM, memberCount: Number(rest) };
  return message(Number(word));
}

function wordOf(entry: RunEntry): string {
  if (entry.type === "usersJoined") return `+${entry.names.join(",")}`;
  if (entry.type === "usersLeft") return `-${entry.names.join(",")}`;
  if (entry.type === "memberCount") return `#${entry.memberCount}`;
  return entry.type === "message" ? String(entry.offset) : entry.type;
}

function merged(words: string, limitBytes = LIMIT): string {
  return entriesOf(words.split(" ").map(eventOf), limitBytes).map(wordOf).join(" ");
}

describe("entriesOf", () => {
  it("leaves a run without comings and goings as it is", () => {
    const events = [message(1), message(2)];
    assert.equal(entriesOf(events, LIMIT), events);
  });

  it("merges who came at the first one's place, and who left at the last one's", () => {
    assert.equal(merged("1 +a 2 +b 3 -c 4 +d -e 5"), "1 +a,b,d 2 3 4 -c,e 5");
    assert.equal(merged("-c 1 +a"), "-c 1 +a");
  });

  it("says nothing of who came and left again, or left and came back", () => {
    assert.equal(merged("+a 1 -a"), "1");
    assert.equal(merged("-a +a 1"), "1");
    assert.equal(merged("+a -a +a -b +b -b"), "+a -b");
  });

  it("keeps the last count", () => {
    assert.equal(merged("#1 1 #2 2 #3 3"), "1 2 #3 3");
  });

  it("makes several entries where one would not fit in a packet", () => {
    const names = Array.from({ length: 100 }, (_, index) => `name${index}`.padEnd(20, "é"));
    const entries = entriesOf(
      names.map((name): RoomEvent => ({ type: "userJoined", roomId: 0xffff_ffff, name })),
      512,
    );
    assert.ok(entries.length > 1);
    const told = entries.flatMap((entry) => (entry.type === "usersJoined" ? entry.names : []));
    assert.deepEqual(told, names);
    const sizes = entries.map((entry) =>
      packetSize(PacketType.USER_JOINED_NOTICE, entry.type === "usersJoined" ? entry : {}),
    );
    assert.ok(sizes.every((size) => size <= 512));
    assert.ok(sizes.slice(0, -1).every((size) => size > 512 - 45));
  });

  it("leaves whoever hears it with the same users and the same messages, whatever happened", () => {
    const names = ["a", "b", "c", "d"];
    // Each user's changes take turns, from wherever it was.
    const steps = fc.array(fc.oneof(fc.nat(3), fc.constant(-1)), { maxLength: 20 });
    fc.assert(
      fc.property(steps, fc.uniqueArray(fc.constantFrom(...names)), (changes, before) => {
        const present = new Set(before);
        const words = changes.map((change, index) => {
          const name = names[change];
          if (name === undefined) return String(index + 1);
          const word = present.has(name) ? `-${name}` : `+${name}`;
          if (!present.delete(name)) present.add(name);
          return word;
        });
        const heard = new Set(before);
        const offsets: number[] = [];
        for (const entry of entriesOf(words.map(eventOf), LIMIT)) {
          if (entry.type === "message") offsets.push(entry.offset);
          if (entry.type === "usersJoined") for (const name of entry.names) heard.add(name);
          if (entry.type === "usersLeft") for (const name of entry.names) heard.delete(name);
        }
        assert.deepEqual([...heard].toSorted(), [...present].toSorted());
        assert.deepEqual(
          offsets,
          words.map(Number).filter((offset) => offset > 0),
        );
      }),
    );
  });
});
