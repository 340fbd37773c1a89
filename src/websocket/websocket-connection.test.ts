import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HandPort, HandSocket } from "../../test/support/hand-port.ts";
import {
  clientFrame,
  closeFrame,
  fragmented,
  type FrameParts,
  ServerFrames,
} from "../../test/support/websocket-frames.ts";
import { CHUNK_BYTES, type DisconnectReason, Service, type ServiceLimits } from "../engine/index.ts";
import { WebSocketFault } from "./close-code.ts";
import { deflateFrame, releaseRanges } from "./deflate-frame.ts";
import { deflateSettings } from "./deflate-settings.ts";
import { deflateMessage } from "./message-deflate.ts";
import { WebSocketConnection, type WebSocketHandler, type WebSocketOptions } from "./websocket-connection.ts";

class Recorder implements WebSocketHandler {
  readonly messages: string[] = [];
  readonly pongs: string[] = [];
  readonly ends: [code: number, reason: DisconnectReason, detail: number][] = [];
  drained = 0;
  onMessageHook: (() => void) | undefined;

  onMessage(_: WebSocketConnection, bytes: Uint8Array, start: number, end: number, isText: boolean): void {
    const payload = Buffer.from(bytes.subarray(start, end)).toString("latin1");
    this.messages.push((isText ? "text " : "binary ") + payload);
    this.onMessageHook?.();
  }

  onPong(_: WebSocketConnection, bytes: Uint8Array, start: number, end: number): void {
    this.pongs.push(Buffer.from(bytes.subarray(start, end)).toString("latin1"));
  }

  onDrained(): void {
    this.drained++;
  }

  onDisconnected(_: WebSocketConnection, code: number, reason: DisconnectReason, detail: number): void {
    this.ends.push([code, reason, detail]);
  }
}

class World {
  readonly port = new HandPort();
  readonly socket = new HandSocket();
  readonly handler: Recorder & WebSocketHandler;
  readonly service: Service;
  readonly connection: WebSocketConnection;
  readonly #frames = new ServerFrames();
  #read = 0;

  constructor(
    options: Partial<WebSocketOptions> = {},
    limits: Partial<ServiceLimits> = {},
    handler: Recorder & WebSocketHandler = new Recorder(),
  ) {
    this.handler = handler;
    this.service = new Service({
      port: this.port,
      kind: "server",
      limits,
      createHandler: () => ({
        onConnected: () => {},
        onFrame: () => {},
        onDisconnected: () => assert.fail("the first handler hears nothing"),
      }),
    });
    const session = this.service.adopt(this.socket, true);
    assert.ok(session);
    const all = { messageLimitBytes: 1000, ...options };
    this.connection = WebSocketConnection.accept(session, all, () => this.handler);
  }

  receive(...frames: (FrameParts | Uint8Array)[]): void {
    const bytes = frames.map((frame) => (frame instanceof Uint8Array ? frame : clientFrame(frame)));
    this.port.turn(() => this.socket.receive(Buffer.concat(bytes)));
  }

  /** Lets all that is queued go out; what came since the last time, close frames as [code, reason]. */
  sent(): string[] {
    while (this.socket.isSending) this.port.turn(() => this.socket.completeSend());
    const bytes = this.socket.sent.subarray(this.#read);
    this.#read = this.socket.sent.length;
    return this.#frames.add(bytes).map(({ opcode, payload }) => {
      if (opcode !== 8)
        return `${["", "text", "binary"][opcode] ?? ["ping", "pong"][opcode - 9]} ${payload.toString("latin1")}`;
      return payload.length === 0
        ? "close"
        : `close ${payload.readUInt16BE(0)} ${payload.subarray(2).toString()}`;
    });
  }

  /** The peer's FIN, and the kernel's goodbye. */
  end(): void {
    this.port.turn(() => this.socket.events.onReceiveEnded(0));
    if (this.socket.calls.at(-1) !== "close") return;
    this.port.turn(() => this.socket.events.onClosed());
    this.assertAtRest();
  }

  assertAtRest(): void {
    this.service.sendBuffers.trim();
    assert.equal(this.service.sendBuffers.usedCount, 0, "every chunk is free");
    assert.equal(this.service.receiveBuffers.rentedBytes, 0, "every buffer is back");
    assert.equal(this.service.sessionCount, 0);
  }

  get hasFinished(): boolean {
    return this.socket.calls.includes("shutdown");
  }
}

const text = (payload: string): FrameParts => ({ opcode: 1, payload });
const ping = (payload: string): FrameParts => ({ opcode: 9, payload });

describe("WebSocketConnection: closing", () => {
  it("sends a close frame, waits for the peer's, ends", () => {
    const world = new World();
    world.port.turn(() => world.connection.close(3501, "banned", "DISCONNECT", 77));
    assert.equal(world.connection.isOpen, false);
    assert.deepEqual(world.sent(), ["close 3501 banned"]);
    assert.equal(world.hasFinished, false);
    world.receive(text("late"), ping("late"), { opcode: 10 }, closeFrame(3501));
    assert.deepEqual(world.sent(), []);
    assert.equal(world.hasFinished, true);
    world.end();
    assert.deepEqual(world.handler.messages, []);
    assert.deepEqual(world.handler.ends, [[3501, "DISCONNECT", 77]]);
  });

  it("waits no longer than the close timeout", () => {
    const world = new World({ closeTimeoutMs: 1000 });
    world.port.turn(() => world.connection.close(1001));
    assert.deepEqual(world.sent(), ["close 1001 "]);
    world.port.advance(900);
    assert.equal(world.hasFinished, false);
    world.port.advance(300);
    assert.equal(world.hasFinished, true);
    world.end();
    assert.deepEqual(world.handler.ends, [[1001, "DISCONNECT", 1001]]);
  });

  it("resets a peer that has not even taken the close frame", () => {
    const world = new World({ closeTimeoutMs: 1000 });
    world.port.turn(() => world.connection.close(1001, "", "SHUTDOWN"));
    world.port.advance(1200);
    assert.equal(world.socket.calls.at(-1), "abort");
  });

  it("waits for nothing with a timeout of 0", () => {
    const world = new World({ closeTimeoutMs: 0 });
    world.port.turn(() => world.connection.close(1001));
    assert.deepEqual(world.sent(), ["close 1001 "]);
    assert.equal(world.hasFinished, true);
  });

  it("tells its own reason when the peer hangs up instead of answering", () => {
    const world = new World();
    world.port.turn(() => world.connection.close(3000, "", "SHUTDOWN", 5));
    world.sent();
    world.end();
    assert.deepEqual(world.handler.ends, [[3000, "SHUTDOWN", 5]]);
  });

  it("answers the peer's close frame with its code, and hears nothing after it", () => {
    const world = new World();
    world.receive(text("before"), closeFrame(4321, "bye"), text("after"), ping("after"));
    assert.deepEqual(world.sent(), ["close 4321 "]);
    assert.deepEqual(world.handler.messages, ["text before"]);
    assert.equal(world.connection.isOpen, false);
    assert.equal(world.connection.sendMessage(Buffer.from("x"), true), false);
    assert.equal(world.connection.ping(), false);
    world.connection.close(1000);
    world.end();
    assert.deepEqual(world.handler.ends, [[4321, "RECV_0", 0]]);
  });

  it("tells 1005 for a close frame without a code, 1006 for none", () => {
    const without = new World();
    without.receive(closeFrame());
    assert.deepEqual(without.sent(), ["close"]);
    without.end();
    assert.deepEqual(without.handler.ends, [[1005, "RECV_0", 0]]);
    const none = new World();
    none.end();
    assert.deepEqual(none.handler.ends, [[1006, "RECV_0", 0]]);
  });

  it("crosses close frames: the first that went or came counts", () => {
    const world = new World();
    world.port.turn(() => world.connection.close(3001));
    world.receive(closeFrame(1001));
    assert.deepEqual(world.sent(), ["close 3001 "]);
    world.end();
    assert.deepEqual(world.handler.ends, [[3001, "DISCONNECT", 3001]]);
  });

  it("takes a fault while closing for the end", () => {
    for (const frame of [clientFrame({ opcode: 3 }), clientFrame({ opcode: 8, payload: "x" })]) {
      const world = new World();
      world.port.turn(() => world.connection.close(3001));
      world.receive(frame);
      assert.deepEqual(world.sent(), ["close 3001 "]);
      world.end();
      assert.deepEqual(world.handler.ends, [[3001, "DISCONNECT", 3001]]);
    }
  });

  it("throws for a code that may not be said, and changes nothing", () => {
    const world = new World();
    assert.throws(() => world.connection.close(1006), RangeError);
    assert.equal(world.connection.isOpen, true);
  });

  it("can be closed and aborted by the handler in the middle of what arrived", () => {
    const closing = new World();
    closing.handler.onMessageHook = () => closing.connection.close(3002);
    closing.receive(fragmented(1, "one", 1), text("two"));
    assert.deepEqual(closing.handler.messages, ["text one"]);
    assert.deepEqual(closing.sent(), ["close 3002 "]);
    const aborting = new World();
    aborting.handler.onMessageHook = () => aborting.connection.abort("DISCONNECT", 9);
    aborting.receive(fragmented(1, "one", 1), text("two"));
    assert.deepEqual(aborting.handler.messages, ["text one"]);
    assert.equal(aborting.socket.calls.at(-1), "abort");
    aborting.socket.events.onReceiveEnded(-125);
    aborting.socket.events.onClosed();
    assert.deepEqual(aborting.handler.ends, [[1006, "DISCONNECT", 9]]);
    aborting.assertAtRest();
  });

  it("closes with 1001 when idle and 1008 when the handshake takes too long, unless the handler knows better", () => {
    const idle = new World({}, { idleTimeoutMs: 1000 });
    idle.port.advance(1300);
    assert.match(idle.sent().join(), /^close 1001 /);
    idle.end();
    assert.deepEqual(idle.handler.ends, [[1001, "IDLE_TIMEOUT", 0]]);
    const slow = new World({}, { handshakeTimeoutMs: 1000 });
    slow.port.advance(1300);
    assert.match(slow.sent().join(), /^close 1008 /);
    slow.end();
    assert.deepEqual(slow.handler.ends, [[1008, "HANDSHAKE_TIMEOUT", 0]]);
    const told: string[] = [];
    const handler = Object.assign(new Recorder(), {
      onIdle: () => void told.push("idle"),
      onHandshakeTimeout: () => void told.push("handshake"),
    });
    const known = new World({}, { idleTimeoutMs: 1000, handshakeTimeoutMs: 500 }, handler);
    known.port.advance(1300);
    assert.deepEqual(told, ["handshake", "idle"]);
    assert.deepEqual(known.sent(), []);
  });
});

describe("WebSocketConnection: limits", () => {
  /** The close frame and the end that these frames bring about. */
  function failure(options: Partial<WebSocketOptions>, ...frames: (FrameParts | Uint8Array)[]) {
    const world = new World(options);
    world.receive(...frames);
    const sent = world.sent();
    assert.equal(world.hasFinished, true, "the peer's answer is not awaited");
    world.end();
    assert.equal(world.handler.ends.length, 1);
    const [code, reason, detail] = world.handler.ends[0] as (typeof world.handler.ends)[0];
    assert.match(sent.at(-1) ?? "", new RegExp(`^close ${code} .`));
    assert.equal(reason, "PACKET_ERROR");
    return { code, detail, messages: world.handler.messages };
  }

  it("holds a message to its size, in one frame, in many, compressed", () => {
    const tooBig = { code: 1009, detail: WebSocketFault.MESSAGE_TOO_BIG, messages: [] };
    assert.deepEqual(failure({}, { opcode: 2, payload: "x".repeat(1001) }), tooBig);
    assert.deepEqual(failure({}, fragmented(2, "x".repeat(1001), 100)), tooBig);
    const deflate = { settings: deflateSettings(), header: "" };
    const bomb = deflateMessage([Buffer.alloc(1001)], deflate.settings);
    assert.deepEqual(failure({ deflate }, { opcode: 2, rsv: 4, payload: bomb }), tooBig);
    const world = new World();
    world.receive(fragmented(2, "x".repeat(1000), 100), fragmented(2, "y".repeat(1000), 1000));
    assert.deepEqual(world.handler.messages, [`binary ${"x".repeat(1000)}`, `binary ${"y".repeat(1000)}`]);
  });

  it("holds a message to its number of fragments", () => {
    const { code, detail } = failure({ fragmentLimit: 10 }, fragmented(2, "x".repeat(11), 1));
    assert.deepEqual([code, detail], [1008, WebSocketFault.TOO_MANY_FRAGMENTS]);
    const world = new World({ fragmentLimit: 10 });
    world.receive(fragmented(2, "x".repeat(10), 1), fragmented(2, "y".repeat(10), 1));
    assert.equal(world.handler.messages.length, 2);
    const empty = Array.from({ length: 2000 }, () => clientFrame({ opcode: 0, fin: false }));
    assert.equal(failure({}, { opcode: 1, fin: false }, ...empty).code, 1008, "empty ones count");
  });

  it("holds pings and pongs to their rate", () => {
    const world = new World({ controlFramesPerSecond: 10 });
    for (let count = 0; count < 20; count++) world.receive(count % 2 === 0 ? ping("") : { opcode: 10 });
    world.port.advance(1000);
    for (let count = 0; count < 10; count++) world.receive(ping(""));
    assert.ok(world.connection.isOpen);
    world.receive(ping(""));
    assert.match(world.sent().at(-1) ?? "", /^close 1008 /);
    world.end();
    assert.deepEqual(world.handler.ends, [[1008, "PACKET_ERROR", WebSocketFault.CONTROL_RATE]]);
    const any = new World({ controlFramesPerSecond: 0 });
    for (let count = 0; count < 1000; count++) any.receive(ping(""));
    assert.ok(any.connection.isOpen);
  });

  it("answers only the latest of the pings that come while sixteen pongs wait", () => {
    const world = new World();
    const pings = Array.from({ length: 100 }, (_, index) => ping(String(index)));
    world.receive(...pings);
    assert.ok(world.connection.session.queuedBytes < 16 * 4 + 10);
    const expected = [...Array.from({ length: 16 }, (_, index) => `pong ${index}`), "pong 99"];
    assert.deepEqual(world.sent(), expected);
    assert.equal(world.handler.drained, 2);
    world.receive(ping("again"));
    assert.deepEqual(world.sent(), ["pong again"]);
  });

  it("closes with 1013 when no buffer is left for a fragment", () => {
    const world = new World({ messageLimitBytes: 100_000 }, { receiveBufferBytes: 65_536 });
    world.receive({ opcode: 2, fin: false, payload: Buffer.alloc(60_000) });
    assert.equal(world.service.receiveBuffers.rentedBytes, 65_536);
    // Half of the second fragment would have to be kept as well, by the engine.
    world.receive({ opcode: 0, fin: false, payload: Buffer.alloc(10_000) });
    assert.match(world.sent().join(), /^close 1013 /);
    world.end();
    assert.deepEqual(world.handler.ends, [[1013, "RECV_BUFFER_OVER_FULL", 0]]);
  });

  it("gives the buffer of an unfinished message back at the end", () => {
    const world = new World();
    world.receive({ opcode: 2, fin: false, payload: "x" });
    assert.ok(world.service.receiveBuffers.rentedBytes > 0);
    world.end();
    const throwing = new World();
    throwing.handler.onMessageHook = () => {
      throw new Error("a bug");
    };
    assert.throws(() => throwing.receive(fragmented(2, "xy", 1)), /a bug/);
    assert.equal(throwing.service.receiveBuffers.rentedBytes, 0);
  });

  it("refuses what is compressed without having been negotiated", () => {
    assert.equal(failure({}, { opcode: 1, rsv: 4, payload: "x" }).detail, WebSocketFault.RESERVED_BITS);
  });

  it("checks compressed texts, and messages that do not decompress", () => {
    const deflate = { settings: deflateSettings(), header: "" };
    const bad = deflateMessage([Uint8Array.of(0xff)], deflate.settings);
    assert.equal(
      failure({ deflate }, { opcode: 1, rsv: 4, payload: bad }).detail,
      WebSocketFault.TEXT_NOT_UTF8,
    );
    const junk = failure({ deflate }, { opcode: 2, rsv: 4, payload: "\xff\xff\xff" });
    assert.deepEqual([junk.code, junk.detail], [1007, WebSocketFault.NOT_DEFLATED]);
  });
});

describe("WebSocketConnection: sending", () => {
  it("sends a range without copying it, behind a header", () => {
    const world = new World();
    const pool = world.service.sendBuffers;
    world.port.turn(() => {
      const chunk = pool.open(CHUNK_BYTES - 1);
      chunk.bytes.fill(0x61, 0, CHUNK_BYTES - 1);
      pool.close(CHUNK_BYTES - 1);
      // The header needs another chunk now, and nobody else holds this one.
      assert.equal(world.connection.sendRange(chunk, 5, 70), true);
      assert.equal(chunk.references, 1, "the queue's");
      assert.equal(world.connection.sendRange(chunk, 0, 0), true);
    });
    assert.equal(pool.usedCount, 2);
    assert.deepEqual(world.sent(), [`binary ${"a".repeat(65)}`, "binary "]);
    world.end();
  });

  it("sends ranges that are framed already, and copies, in order", () => {
    const world = new World();
    const ranges = deflateFrame(world.service.sendBuffers, [Buffer.from("framed")], 2);
    world.port.turn(() => {
      world.connection.sendMessage(Buffer.from("first"), true);
      for (const { chunk, start, end } of ranges) world.connection.sendFramed(chunk, start, end);
      releaseRanges(ranges);
      world.connection.sendMessage(Buffer.alloc(0), false);
      world.connection.ping(Buffer.from("you there?"));
    });
    assert.deepEqual(world.sent(), ["text first", "binary framed", "binary ", "ping you there?"]);
    world.receive({ opcode: 10, payload: "you there?" });
    assert.deepEqual(world.handler.pongs, ["you there?"]);
    assert.throws(() => world.connection.ping(new Uint8Array(126)), RangeError);
    world.end();
  });

  it("compresses ranges and copies from the threshold on, where it was negotiated", () => {
    const deflate = { settings: deflateSettings({ thresholdBytes: 100 }), header: "" };
    const world = new World({ deflate });
    assert.equal(world.connection.isDeflated, true);
    const pool = world.service.sendBuffers;
    world.port.turn(() => {
      const chunk = pool.open(100);
      chunk.bytes.fill(0x61, 0, 100);
      pool.close(100);
      world.connection.sendRange(chunk, 0, 100);
      world.connection.sendRange(chunk, 0, 99);
      world.connection.sendMessage(Buffer.alloc(100, "b"), true);
    });
    world.socket.completeSend();
    const frames = new ServerFrames().add(world.socket.sent);
    assert.deepEqual(
      frames.map(({ opcode, rsv, payload }) => [opcode, rsv, payload.length < 20]),
      [
        [2, 4, true],
        [2, 0, false],
        [1, 4, true],
      ],
    );
    world.port.turn();
    world.end();
  });

  it("ends at the send queue's limit, and says so", () => {
    const world = new World({}, { sendQueueBytes: 1000 });
    world.port.turn(() => {
      assert.equal(world.connection.sendMessage(Buffer.alloc(900), false), true);
      assert.equal(world.connection.sendMessage(Buffer.alloc(900), false), false);
      assert.equal(world.connection.sendMessage(Buffer.alloc(1), false), false);
    });
    assert.equal(world.socket.calls.at(-1), "abort");
    world.socket.events.onReceiveEnded(-125);
    if (world.socket.isSending) world.socket.failSend(125);
    world.socket.events.onClosed();
    assert.deepEqual(world.handler.ends, [[1006, "SEND_QUEUE_FULL", 0]]);
    world.assertAtRest();
  });

  it("sends nothing once the session is ending", () => {
    const world = new World();
    const chunk = world.service.sendBuffers.open(10);
    world.service.sendBuffers.close(10);
    chunk.retain();
    world.connection.session.disconnect("SHUTDOWN");
    assert.equal(world.connection.sendRange(chunk, 0, 10), false);
    assert.equal(world.connection.sendFramed(chunk, 0, 10), false);
    assert.equal(world.connection.sendMessage(Buffer.from("x"), true), false);
    chunk.release();
    world.end();
    assert.deepEqual(world.handler.ends, [[1006, "SHUTDOWN", 0]]);
    assert.throws(
      () =>
        WebSocketConnection.accept(world.connection.session, { messageLimitBytes: 1 }, () => world.handler),
      /ending/,
    );
  });
});
