import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { SeededRandom } from "../../src/base/random.ts";
import { DisconnectCode } from "../../src/protocol/codes.ts";
import {
  type ClientPacket,
  decodeClientPacket,
  decodeServerPacket,
  type ServerPacket,
  UNDECODED,
} from "../../src/protocol/packet-decoder.ts";
import { encodePacketBytes } from "../../src/protocol/packet-encoder.ts";
import { PacketFramer } from "../../src/protocol/packet-framer.ts";
import { isSentBy } from "../../src/protocol/packets.ts";
import { arbitraryPacket } from "../support/arbitrary-packet.ts";
import { mutated } from "../support/mutated.ts";

/**
 * Hostile and broken streams into the framer and the decoder. Each run prints its seed;
 * `PORTICO_SEED=… PORTICO_FUZZ_ROUNDS=… node --test test/fuzz/packet-stream.test.ts` repeats or extends it.
 */
const seed = Number(process.env["PORTICO_SEED"] ?? 20_251_107);
const rounds = Number(process.env["PORTICO_FUZZ_ROUNDS"] ?? 400);

const LIMIT_BYTES = 2048;
const framer = new PacketFramer(LIMIT_BYTES);
const refusals = new Set<number>([DisconnectCode.INVALID_HEADER, DisconnectCode.PACKET_TOO_LARGE]);

/** What a stream came to: its packets, and how it ended. */
interface Outcome {
  readonly packets: readonly {
    readonly bytes: string;
    readonly client: ClientPacket;
    readonly server: ServerPacket;
  }[];
  /** Bytes of an incomplete packet at the end, or the disconnect code. */
  readonly end: { readonly leftBytes: number } | { readonly code: number };
}

/** Feeds the stream piece by piece, as a session does: take whole packets, keep the incomplete tail. */
function run(stream: Uint8Array, cuts: readonly number[]): Outcome {
  const packets: Outcome["packets"][number][] = [];
  let start = 0;
  for (const cut of [...cuts, stream.length]) {
    // Each packet has at least four bytes, so there are no more steps than this.
    let stepsLeft = (cut - start) / 4 + 2;
    for (;;) {
      assert.ok(stepsLeft-- > 0, "framing goes round in circles");
      const length = framer.frameLength(stream, start, cut);
      if (length < 0) return { packets, end: { code: -length } };
      if (length === 0 || length > cut - start) {
        assert.ok(length <= LIMIT_BYTES && (length > 0 || cut - start < framer.headerBytes));
        break;
      }
      packets.push({
        bytes: Buffer.from(stream.subarray(start, start + length)).toString("hex"),
        client: decodeClientPacket(stream, start, start + length),
        server: decodeServerPacket(stream, start, start + length),
      });
      start += length;
    }
  }
  return { packets, end: { leftBytes: stream.length - start } };
}

function randomCuts(random: SeededRandom, length: number): number[] {
  const count = random.below(12);
  return Array.from({ length: count }, () => random.below(length + 1)).sort((a, b) => a - b);
}

/** The same outcome for every way of cutting: whole, byte by byte, and at random. */
function runInEverySplit(random: SeededRandom, stream: Uint8Array): Outcome {
  const whole = run(stream, []);
  const splits = [
    Array.from(stream.keys()),
    randomCuts(random, stream.length),
    randomCuts(random, stream.length),
  ];
  for (const cuts of splits) assert.deepEqual(run(stream, cuts), whole);
  return whole;
}

const samples = fc
  .sample(arbitraryPacket(), { seed, numRuns: 300 })
  .filter(({ bytes }) => bytes.length <= LIMIT_BYTES);

function randomStream(random: SeededRandom): Uint8Array {
  const packets = Array.from({ length: 1 + random.below(8) }, () => samples[random.below(samples.length)]);
  return Buffer.concat(packets.map((packet) => packet?.bytes ?? new Uint8Array()));
}

/** Bytes that mean something at the beginning of a packet. */
const EDGES = [0, 1, 3, 4, 0x7f, 0x80, 0xff];

describe(`fuzz: packet streams, PORTICO_SEED=${seed}`, () => {
  it("random bytes never throw, never loop, and split however they may come to the same", (t) => {
    const random = new SeededRandom(seed);
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      const stream = random.bytes(random.below(600));
      // Half of them with small sizes, or hardly any packet would be whole.
      if (random.chance(0.5)) for (let at = 1; at < stream.length; at += 2) stream[at] = 0;
      const { end } = runInEverySplit(random, stream);
      if ("code" in end) {
        refused++;
        assert.ok(refusals.has(end.code));
      }
    }
    t.diagnostic(`seed ${seed}: ${refused} of ${rounds} streams refused by the framer`);
    assert.ok(refused > 0 && refused < rounds);
  });

  it("valid streams give their packets in every split", () => {
    const random = new SeededRandom(seed + 1);
    for (let round = 0; round < rounds; round++) {
      const stream = randomStream(random);
      const { packets, end } = runInEverySplit(random, stream);
      assert.deepEqual(end, { leftBytes: 0 });
      assert.equal(packets.map(({ bytes }) => bytes).join(""), Buffer.from(stream).toString("hex"));
      for (const { client, server } of packets)
        assert.ok(client.type !== UNDECODED || server.type !== UNDECODED);
    }
  });

  it("mutated streams never throw, and come to the same in every split", (t) => {
    const random = new SeededRandom(seed + 2);
    let decoded = 0;
    let undecoded = 0;
    for (let round = 0; round < rounds; round++) {
      const { packets } = runInEverySplit(random, mutated(random, randomStream(random), EDGES));
      for (const { client, server } of packets) {
        if (client.type === UNDECODED && server.type === UNDECODED) undecoded++;
        else decoded++;
      }
    }
    t.diagnostic(`seed ${seed}: ${decoded} packets decoded, ${undecoded} not`);
    assert.ok(decoded > 0 && undecoded > 0);
  });

  it("a mutated body is refused, or is a message that encodes and decodes to itself", () => {
    const random = new SeededRandom(seed + 3);
    for (let round = 0; round < rounds * 10; round++) {
      const sample = samples[random.below(samples.length)];
      if (sample === undefined) continue;
      const { packet, bytes: original } = sample;
      const body = mutated(random, original.subarray(4), EDGES);
      const bytes = new Uint8Array(4 + body.length);
      bytes.set(original.subarray(0, 4));
      bytes.set(body, 4);
      const decode = isSentBy(packet, "client") ? decodeClientPacket : decodeServerPacket;
      const first = decode(bytes, 0, bytes.length);
      if (first.type === UNDECODED) {
        assert.equal(first.failure, "INVALID_BODY");
        continue;
      }
      const again = encodePacketBytes(first.type, first.body, 65_535);
      const second = decode(again, 0, again.length);
      assert.deepEqual(second, first);
    }
  });
});
