import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HandPort, HandSocket } from "../../test/support/hand-port.ts";
import type { DisconnectReason } from "./disconnect-reason.ts";
import type { Framer } from "./framer.ts";
import { Errno } from "./port-error.ts";
import { Service, type ServiceOptions } from "./service.ts";
import type { Session } from "./session.ts";
import type { SessionHandler } from "./session-handler.ts";

/** One length byte, counting itself; 0 is invalid. */
const byteFramer: Framer = {
  frameLength: (bytes, start) => (bytes[start] === 0 ? -3500 : (bytes[start] as number)),
  headerBytes: 1,
  frameLimitBytes: 255,
};

/** Ends with a semicolon, is at most 20 long: a frame may be much shorter than what may be needed to know. */
const semicolonFramer: Framer = {
  frameLength(bytes, start, end) {
    const found = bytes.subarray(start, end).indexOf(59);
    if (found >= 0) return found + 1;
    return end - start >= 20 ? -7 : 0;
  },
  headerBytes: 20,
  frameLimitBytes: 20,
};

class Recorder implements SessionHandler {
  readonly name: string;
  readonly log: string[];
  readonly ends: { reason: DisconnectReason; detail: number }[] = [];
  drainedCount = 0;
  onFrameHook: ((session: Session, frame: string) => void) | undefined;

  constructor(name: string, log: string[]) {
    this.name = name;
    this.log = log;
  }

  onConnected(): void {
    this.log.push(`${this.name} connected`);
  }

  onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void {
    const frame = Buffer.from(bytes.subarray(start, end)).toString("latin1");
    bytes.fill(0xee, start, end); // lent for the call, and writable
    this.log.push(`${this.name} ${frame}`);
    this.onFrameHook?.(session, frame);
  }

  onDrained(): void {
    this.drainedCount++;
  }

  onDisconnected(_session: Session, reason: DisconnectReason, detail: number): void {
    this.ends.push({ reason, detail });
  }
}

function openSession(options: Partial<ServiceOptions> = {}) {
  const port = new HandPort();
  const log: string[] = [];
  const before = new Recorder("a", log);
  const after = new Recorder("b", log);
  const service = new Service({ port, kind: "server", createHandler: () => before, ...options });
  const socket = new HandSocket();
  const session = service.adopt(socket, true);
  assert.ok(session);
  log.length = 0;
  return { port, log, before, after, service, socket, session };
}

function assertAtRest(service: Service): void {
  service.sendBuffers.trim();
  assert.equal(service.sessionCount, 0);
  assert.equal(service.sendBuffers.usedCount, 0);
  assert.equal(service.receiveBuffers.rentedBytes, 0, "every tail is back");
  assert.equal(service.wheel.count, 0, "no timer is left");
}

const text = (value: string): Buffer => Buffer.from(value, "latin1");

describe("a session that switches protocol", () => {
  it("cuts the rest of what came with the switch by the new framer, however it is split", () => {
    const stream = text("\x03ab\x02!one;two;\x00;three;");
    const expected = ["a \x03ab", "a \x02!", "b one;", "b two;", "b \x00;", "b three;"];
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second++) {
        const { log, before, after, service, socket } = openSession({ framer: byteFramer });
        before.onFrameHook = (session, frame) => {
          if (frame === "\x02!") session.switchProtocol(semicolonFramer, after);
        };
        for (const [start, end] of [
          [0, first],
          [first, second],
          [second, stream.length],
        ]) {
          if (start !== end) socket.receive(stream.subarray(start, end));
        }
        assert.deepEqual(log, expected);
        assert.equal(service.receiveBuffers.rentedBytes, 0, "no incomplete frame, no buffer");
      }
    }
  });

  it("tells the old handler nothing more, and the new one not that it is connected", () => {
    const { port, log, before, after, service, socket, session } = openSession();
    session.switchProtocol(byteFramer, after);
    port.turn(() => void session.sendBytes(text("x")));
    socket.completeSend();
    socket.receive(text("\x02y"));
    session.disconnect("DISCONNECT", 4);
    socket.events.onReceiveEnded(0);
    socket.events.onClosed();
    assert.deepEqual(log, ["b \x02y"]);
    assert.deepEqual([before.drainedCount, after.drainedCount], [0, 1]);
    assert.deepEqual([before.ends, after.ends], [[], [{ reason: "DISCONNECT", detail: 4 }]]);
    assert.equal(session.handler, after);
    assertAtRest(service);
    session.switchProtocol(byteFramer, before);
    assert.equal(session.handler, after, "an ended session does not switch");
  });

  it("gives the beginning of an incomplete frame to the new protocol at the end of the turn", () => {
    const { port, log, after, service, socket, session } = openSession({ framer: byteFramer });
    port.turn(() => socket.receive(text("\x20one;two;th")));
    port.turn(() => {
      session.switchProtocol(semicolonFramer, after);
      assert.deepEqual(log, [], "not while the caller is at it");
    });
    assert.deepEqual(log, ["b \x20one;", "b two;"]);
    socket.receive(text("ree;"));
    assert.deepEqual(log, ["b \x20one;", "b two;", "b three;"]);
    assert.equal(service.receiveBuffers.rentedBytes, 0);
  });

  it("cuts that beginning before bytes that come sooner, and behind those delivered", () => {
    for (const isDelivered of [false, true]) {
      const { port, log, after, socket, session } = openSession({ framer: byteFramer });
      port.turn(() => socket.receive(text("\x20on")));
      port.turn(() => {
        session.switchProtocol(semicolonFramer, after);
        if (isDelivered) session.deliver(text("head;er"));
        socket.receive(text("e;two;"));
      });
      const beginning = isDelivered ? ["b head;", "b er\x20one;"] : ["b \x20one;"];
      assert.deepEqual(log, [...beginning, "b two;"]);
    }
  });

  it("gives back the beginning of a frame when the session ends before it is cut", () => {
    const { port, log, after, service, socket, session } = openSession({ framer: byteFramer });
    port.turn(() => socket.receive(text("\x20one;")));
    port.turn(() => {
      session.switchProtocol(semicolonFramer, after);
      session.abort();
    });
    socket.events.onReceiveEnded(-Errno.ECANCELED);
    socket.events.onClosed();
    assert.deepEqual(log, []);
    assertAtRest(service);
  });

  it("delivers bytes that a former protocol had taken, before the rest of the lent ones", () => {
    const { log, before, after, service, socket } = openSession({ framer: byteFramer });
    before.onFrameHook = (session) => {
      session.switchProtocol(semicolonFramer, after);
      session.deliver(text("taken;be"));
    };
    socket.receive(text("\x02!fore;rest;"));
    assert.deepEqual(log, ["a \x02!", "b taken;", "b before;", "b rest;"]);
    assert.equal(service.receiveBuffers.rentedBytes, 0);
  });

  it("delivers nothing to a session that has ended, nor further after it ends in between", () => {
    const { log, after, socket, session } = openSession();
    session.switchProtocol(semicolonFramer, after);
    after.onFrameHook = () => session.disconnect();
    session.deliver(text("one;two;"));
    session.deliver(text("three;"));
    socket.receive(text("four;"));
    assert.deepEqual(log, ["b one;"]);
  });

  it("tells the new handler that the peer has finished, behind all that had arrived", () => {
    const { port, log, before, after, socket, session } = openSession({ framer: byteFramer });
    Object.assign(before, { onPeerEnded: () => void log.push("a ended") });
    Object.assign(after, { onPeerEnded: () => void log.push("b ended") });
    port.turn(() => {
      socket.receive(text("\x20one;"));
      socket.events.onReceiveEnded(0);
    });
    port.turn(() => {
      session.switchProtocol(semicolonFramer, after);
      session.deliver(text("taken;"));
    });
    assert.deepEqual(log, ["a ended", "b taken;", "b \x20one;", "b ended"]);
    assert.ok(session.isOpen);
  });

  it("refuses what the new framer refuses, with the new handler told", () => {
    const { before, after, service, socket, session } = openSession();
    session.switchProtocol(semicolonFramer, after);
    socket.receive(text("0123456789"));
    socket.receive(text("0123456789"));
    socket.events.onReceiveEnded(0);
    socket.events.onClosed();
    assert.deepEqual([before.ends, after.ends], [[], [{ reason: "PACKET_ERROR", detail: 7 }]]);
    assertAtRest(service);
  });

  it("loses and repeats nothing over any split, with frames shorter than a header may be", () => {
    const frames = fc.array(fc.stringMatching(/^[a-z]{0,18};$/), { maxLength: 30 });
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1 }), (sent, sizes) => {
        const { log, service, socket } = openSession({ framer: semicolonFramer });
        const stream = text(sent.join(""));
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const count = sizes[turn % sizes.length] as number;
          socket.receive(stream.subarray(at, at + count));
          at += count;
        }
        assert.deepEqual(
          log,
          sent.map((frame) => `a ${frame}`),
        );
        assert.equal(service.receiveBuffers.rentedBytes, 0);
      }),
    );
  });
});

describe("a session that pauses receiving", () => {
  it("stops and starts, once each however often it is asked", () => {
    const { log, socket, session } = openSession();
    session.pauseReceiving();
    session.pauseReceiving();
    assert.deepEqual(socket.calls, ["startReceiving", "stopReceiving"]);
    socket.receive(text("under way"));
    assert.deepEqual(log, ["a under way"]);
    socket.events.onReceiveEnded(-Errno.ECANCELED);
    assert.ok(session.isOpen);
    session.resumeReceiving();
    session.resumeReceiving();
    assert.deepEqual(socket.calls, ["startReceiving", "stopReceiving", "startReceiving"]);
  });

  it("goes on by itself when it is resumed before the stop has completed", () => {
    const { socket, session } = openSession();
    session.pauseReceiving();
    session.resumeReceiving();
    assert.deepEqual(socket.calls, ["startReceiving", "stopReceiving"]);
    socket.events.onReceiveEnded(-Errno.ECANCELED);
    assert.deepEqual(socket.calls, ["startReceiving", "stopReceiving", "startReceiving"]);
  });

  it("may be paused before it has begun to receive", () => {
    const port = new HandPort();
    const handler = new Recorder("a", []);
    handler.onConnected = (opened?: Session) => opened?.pauseReceiving();
    const service = new Service({ port, kind: "server", createHandler: () => handler });
    const socket = new HandSocket();
    const session = service.adopt(socket, true);
    assert.deepEqual(socket.calls, []);
    session?.resumeReceiving();
    assert.deepEqual(socket.calls, ["startReceiving"]);
  });

  it("receives only when neither the program nor a full send queue is against it", () => {
    const { port, socket, session } = openSession({ limits: { receivePauseBytes: 8 } });
    const starts = (): number => socket.calls.filter((call) => call === "startReceiving").length;
    port.turn(() => void session.sendBytes(text("0123456789")));
    session.pauseReceiving();
    socket.events.onReceiveEnded(-Errno.ECANCELED);
    session.resumeReceiving();
    assert.equal(starts(), 1, "the queue is full");
    session.pauseReceiving();
    port.turn(() => socket.completeSend());
    assert.equal(starts(), 1, "the program has paused it");
    session.resumeReceiving();
    assert.equal(starts(), 2);
  });

  it("hears the peer's end when it is disconnected while paused", () => {
    for (const isStopping of [false, true]) {
      const { after, service, socket, session } = openSession();
      session.switchProtocol(byteFramer, after);
      session.pauseReceiving();
      if (!isStopping) socket.events.onReceiveEnded(-Errno.ECANCELED);
      session.disconnect("DISCONNECT", 1);
      if (isStopping) socket.events.onReceiveEnded(-Errno.ECANCELED);
      assert.deepEqual(
        socket.calls.toSorted(),
        ["startReceiving", "stopReceiving", "startReceiving", "shutdown"].toSorted(),
      );
      socket.receive(text("\x02x"));
      socket.events.onReceiveEnded(0);
      assert.equal(socket.calls.at(-1), "close");
      socket.events.onClosed();
      assert.deepEqual(after.ends, [{ reason: "DISCONNECT", detail: 1 }]);
      assertAtRest(service);
    }
  });

  it("ends cleanly when it is aborted, or when its port closes it, while paused", () => {
    for (const isPortClosing of [false, true]) {
      const { before, service, socket, session } = openSession();
      session.pauseReceiving();
      socket.events.onReceiveEnded(-Errno.ECANCELED);
      if (!isPortClosing) session.abort("DISCONNECT", 2);
      socket.events.onClosed();
      const expected = isPortClosing
        ? { reason: "SHUTDOWN", detail: 0 }
        : { reason: "DISCONNECT", detail: 2 };
      assert.deepEqual(before.ends, [expected]);
      assertAtRest(service);
      session.resumeReceiving();
      session.pauseReceiving();
      assert.ok(!socket.calls.slice(2).includes("startReceiving"), "an ended session asks for nothing");
    }
  });

  it("does not count the time for the idle timeout", () => {
    const { port, session } = openSession({ limits: { idleTimeoutMs: 1000 } });
    session.pauseReceiving();
    port.advance(5000);
    assert.ok(session.isOpen);
    session.resumeReceiving();
    port.advance(800);
    assert.ok(session.isOpen);
    port.advance(400);
    assert.equal(session.state, "draining");
  });
});

describe("a session's handshake timeout", () => {
  it("may be set anew, and taken away", () => {
    const { port, session } = openSession({ limits: { handshakeTimeoutMs: 1000 } });
    port.advance(900);
    session.setHandshakeTimeout(1000);
    port.advance(900);
    assert.ok(session.isOpen);
    session.setHandshakeTimeout(0);
    port.advance(5000);
    assert.ok(session.isOpen);
    session.setHandshakeTimeout(300);
    port.advance(500);
    assert.equal(session.state, "draining");
  });
});
