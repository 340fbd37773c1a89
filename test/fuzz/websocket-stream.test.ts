import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "../../src/base/random.ts";
import { type DisconnectReason, Service } from "../../src/engine/index.ts";
import {
  checkUpgrade,
  closeCodeOf,
  deflateSettings,
  originRule,
  WebSocketConnection,
  WebSocketFault,
  type WebSocketHandler,
} from "../../src/websocket/index.ts";
import { parseExtensions } from "../../src/websocket/extension-header.ts";
import { deflateMessage } from "../../src/websocket/message-deflate.ts";
import { HandPort, HandSocket } from "../support/hand-port.ts";
import { mutated } from "../support/mutated.ts";
import { clientFrame, closeFrame, fragmented, ServerFrames } from "../support/websocket-frames.ts";

/**
 * Hostile, broken and valid streams into WebSocket connections. Each run prints its seed;
 * `PORTICO_SEED=… PORTICO_FUZZ_ROUNDS=… node --test test/fuzz/websocket-stream.test.ts` repeats or extends it.
 */
const seed = Number(process.env["PORTICO_SEED"] ?? 20_251_121);
const rounds = Number(process.env["PORTICO_FUZZ_ROUNDS"] ?? 300);

const LIMIT_BYTES = 3000;
/** The message that is put together, twice while it grows, and an incomplete frame; in the pool's sizes. */
const MOST_RENTED_BYTES = 4096 * 4;

const settings = deflateSettings({ thresholdBytes: 64 });
const faults = new Set<number>(Object.values(WebSocketFault));

/** What a stream came to. Pongs are left out: which pings are answered depends on the pace. */
interface Outcome {
  readonly messages: readonly string[];
  /** Of the close frame that was sent; 0: none was. */
  readonly closeCode: number;
  readonly end: readonly [code: number, reason: DisconnectReason, detail: number];
}

/** Feeds the stream cut into pieces to a connection that echoes. */
function run(stream: Uint8Array, cuts: readonly number[]): Outcome {
  const port = new HandPort();
  const socket = new HandSocket();
  const messages: string[] = [];
  const ends: Outcome["end"][] = [];
  const handler: WebSocketHandler = {
    onMessage(connection, bytes, start, end, isText) {
      assert.ok(end - start <= LIMIT_BYTES);
      const payload = Buffer.from(bytes.subarray(start, end));
      messages.push((isText ? "text " : "binary ") + payload.toString("latin1"));
      connection.sendMessage(payload, isText);
    },
    onDisconnected: (_connection, code, reason, detail) => void ends.push([code, reason, detail]),
  };
  const first = { onConnected: () => {}, onFrame: () => {}, onDisconnected: () => {} };
  const service = new Service({ port, kind: "server", limits: { sessions: 1 }, createHandler: () => first });
  const session = service.adopt(socket, true);
  assert.ok(session);
  const deflate = { settings, header: "" };
  WebSocketConnection.accept(session, { messageLimitBytes: LIMIT_BYTES, deflate }, () => handler);
  const drain = (): void => {
    while (socket.isSending) port.turn(() => socket.completeSend());
  };
  let from = 0;
  for (const cut of [...cuts, stream.length]) {
    if (cut > from) port.turn(() => socket.receive(stream.subarray(from, cut)));
    from = Math.max(from, cut);
    assert.ok(service.receiveBuffers.rentedBytes <= MOST_RENTED_BYTES, "memory is bounded");
    drain();
  }
  port.turn(() => socket.events.onReceiveEnded(0));
  drain();
  assert.equal(socket.calls.at(-1), "close");
  port.turn(() => socket.events.onClosed());
  service.sendBuffers.trim();
  assert.equal(service.sendBuffers.usedCount, 0, "every chunk is free");
  assert.equal(service.receiveBuffers.rentedBytes, 0, "every buffer is back");
  assert.equal(ends.length, 1, "the end is told once");
  const closes = new ServerFrames().add(socket.sent).filter(({ opcode }) => opcode === 8);
  assert.ok(closes.length <= 1, "one close frame");
  const [close] = closes;
  const closeCode =
    close === undefined ? 0 : close.payload.length === 0 ? 1005 : close.payload.readUInt16BE(0);
  return { messages, closeCode, end: ends[0] as Outcome["end"] };
}

function randomCuts(random: SeededRandom, length: number): number[] {
  return Array.from({ length: random.below(20) }, () => random.below(length + 1)).sort((a, b) => a - b);
}

/** The same outcome for every way of cutting: whole, byte by byte, and at random; documented in any case. */
function runInEverySplit(random: SeededRandom, stream: Uint8Array): Outcome {
  const whole = run(stream, []);
  const splits = [
    Array.from(stream.keys()),
    randomCuts(random, stream.length),
    randomCuts(random, stream.length),
  ];
  for (const cuts of splits) assert.deepEqual(run(stream, cuts), whole);
  const [code, reason, detail] = whole.end;
  if (reason === "PACKET_ERROR") {
    assert.ok(faults.has(detail), `fault ${detail} is documented`);
    assert.equal(code, closeCodeOf(detail));
    assert.equal(whole.closeCode, code);
  } else {
    assert.equal(reason, "RECV_0");
    assert.equal(whole.closeCode, code === 1006 ? 0 : code, "a close frame is answered");
  }
  return whole;
}

const words = ["a", "é", "한", "😀", "word ", "\0"];

interface Stream {
  readonly bytes: Buffer;
  readonly messages: readonly string[];
}

/** Messages of both kinds, whole, fragmented and compressed, with control frames between the fragments. */
function randomStream(random: SeededRandom): Stream {
  const frames: Buffer[] = [];
  const messages: string[] = [];
  for (let count = random.below(6); count > 0; count--) {
    const isText = random.chance(0.5);
    const plain = isText ? randomText(random) : Buffer.from(random.bytes(randomSize(random)));
    messages.push((isText ? "text " : "binary ") + plain.toString("latin1"));
    const isDeflated = random.chance(0.3);
    const payload = isDeflated ? deflateMessage([plain], settings) : plain;
    const opcode = isText ? 1 : 2;
    let at = 0;
    let isFirst = true;
    for (;;) {
      const end = random.chance(0.5) ? payload.length : at + random.below(payload.length - at + 1);
      // A last fragment may be empty; so some of them stay behind the end of the payload.
      const fin = end === payload.length && random.chance(0.8);
      frames.push(
        clientFrame({
          opcode: isFirst ? opcode : 0,
          rsv: isFirst && isDeflated ? 4 : 0,
          fin,
          payload: payload.subarray(at, end),
          key: random.bytes(4),
        }),
      );
      if (random.chance(0.2)) {
        frames.push(
          clientFrame({ opcode: random.chance(0.5) ? 9 : 10, payload: random.bytes(random.below(126)) }),
        );
      }
      at = end;
      isFirst = false;
      if (fin) break;
    }
  }
  if (random.chance(0.5))
    frames.push(closeFrame(1000 + random.below(4), "bye"), Buffer.from(random.bytes(20)));
  return { bytes: Buffer.concat(frames), messages };
}

function randomSize(random: SeededRandom): number {
  return random.below([3, 130, 130, 700][random.below(4)] ?? 3);
}

function randomText(random: SeededRandom): Buffer {
  const count = random.below([3, 100, 300][random.below(3)] ?? 3);
  return Buffer.from(Array.from({ length: count }, () => words[random.below(words.length)]).join(""));
}

/** Bytes that mean something at the beginning of a frame. */
const EDGES = [0, 0x7e, 0x7f, 0x80, 0x81, 0xc1, 0xfe, 0xff];

describe(`fuzz: WebSocket streams, PORTICO_SEED=${seed}`, () => {
  it("valid streams give their messages in every split", () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < rounds; round++) {
      const { bytes, messages } = randomStream(random);
      const outcome = runInEverySplit(random, bytes);
      assert.deepEqual(outcome.messages, messages);
      assert.equal(outcome.end[1], "RECV_0");
    }
  });

  it("random bytes end with a documented code, in every split with the same", (t) => {
    const random = new SeededRandom(seed + 1);
    const codes = new Map<number, number>();
    for (let round = 0; round < rounds; round++) {
      const stream = random.bytes(random.below(400));
      // Otherwise nearly all would end with their first byte or two.
      if (stream.length > 1 && random.chance(0.8)) {
        stream[0] = [0x01, 0x02, 0x81, 0x82, 0xc1, 0x42, 0x88, 0x89, 0x8a][random.below(9)] ?? 0;
        stream[1] = 0x80 | (random.chance(0.7) ? random.below(64) : (stream[1] ?? 0));
      }
      const [code] = runInEverySplit(random, stream).end;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    t.diagnostic(`seed ${seed}: ${[...codes].map(([code, count]) => `${code}: ${count}`).join(", ")}`);
    assert.ok(codes.size >= 3);
  });

  it("mutated streams end with a documented code, in every split with the same", (t) => {
    const random = new SeededRandom(seed + 2);
    const details = new Set<number>();
    for (let round = 0; round < rounds * 3; round++) {
      const { bytes } = randomStream(random);
      const [, , detail] = runInEverySplit(random, mutated(random, bytes, EDGES)).end;
      details.add(detail);
    }
    t.diagnostic(`seed ${seed}: ${details.size - 1} kinds of faults`);
    assert.ok(details.size >= 4);
  });

  it("floods of fragments, pings and half frames keep memory within bounds", () => {
    const random = new SeededRandom(seed + 3);
    const begun = clientFrame({ opcode: 2, fin: false });
    const floods = [
      Buffer.concat([begun, ...Array.from({ length: 5000 }, () => clientFrame({ opcode: 0, fin: false }))]),
      Buffer.concat(Array.from({ length: 5000 }, () => clientFrame({ opcode: 9, payload: "x".repeat(125) }))),
      Buffer.concat(Array.from({ length: 3000 }, () => clientFrame({ opcode: 2 }))),
      fragmented(2, Buffer.alloc(LIMIT_BYTES * 2), 3),
      Buffer.concat([begun, clientFrame({ opcode: 0, payload: Buffer.alloc(LIMIT_BYTES) }).subarray(0, -1)]),
    ];
    for (const flood of floods) {
      const whole = run(flood, []);
      assert.deepEqual(run(flood, randomCuts(random, flood.length)), whole);
    }
  });

  it("upgrade requests of junk are answered, never with an exception", () => {
    const random = new SeededRandom(seed + 4);
    const pieces = [
      "permessage-deflate",
      ";",
      ",",
      "=",
      '"',
      "\\",
      " ",
      "13",
      "websocket",
      "Upgrade",
      "portico.v1",
      "\t",
      "é",
      "client_max_window_bits",
      "server_max_window_bits",
      "15",
      "9",
      "http://",
      "a.example",
      ":80",
      "/",
      "@",
      "[",
      "dGhlIHNhbXBsZSBub25jZQ==",
    ];
    const junk = (): string | undefined =>
      random.chance(0.1)
        ? undefined
        : Array.from({ length: random.below(8) }, () => pieces[random.below(pieces.length)]).join("");
    const mostly = (usual: string): string | undefined => (random.chance(0.9) ? usual : junk());
    for (let round = 0; round < rounds * 20; round++) {
      const answer = checkUpgrade(
        {
          method: mostly("GET"),
          url: "/",
          httpVersion: mostly("1.1") ?? "",
          headers: {
            host: mostly("a.example"),
            upgrade: mostly("websocket"),
            connection: mostly("Upgrade"),
            "sec-websocket-key": mostly("dGhlIHNhbXBsZSBub25jZQ=="),
            "sec-websocket-version": mostly("13"),
            "sec-websocket-protocol": junk(),
            "sec-websocket-extensions": junk(),
            origin: random.chance(0.5) ? "http://a.example" : junk(),
          },
        },
        {
          protocols: ["portico.v1"],
          protocolRequired: random.chance(0.5),
          allowsOrigin: originRule(random.chance(0.5) ? [] : ["http://a.example"]),
          deflate: random.chance(0.5) ? settings : undefined,
        },
      );
      if (answer.ok) assert.ok(/^[ -~\r\n]*$/.test(Buffer.from(answer.responseBytes).toString("latin1")));
      else assert.ok([400, 403, 405, 426].includes(answer.status));
    }
  });

  it("extension headers of junk are read or malformed, never an exception", () => {
    const random = new SeededRandom(seed + 5);
    for (let round = 0; round < rounds * 20; round++) {
      const text = Buffer.from(random.bytes(random.below(40))).toString("latin1");
      const offers = parseExtensions(random.chance(0.5) ? text : `a; ${text}`);
      for (const { name } of offers ?? []) assert.ok(name.length > 0);
    }
  });
});
