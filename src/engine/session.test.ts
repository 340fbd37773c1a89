import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HandPort, HandSocket } from "../../test/support/hand-port.ts";
import type { DisconnectReason } from "./disconnect-reason.ts";
import type { Framer } from "./framer.ts";
import { CHUNK_BYTES } from "./memory/send-buffer-pool.ts";
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

class Recorder implements SessionHandler {
  readonly frames: string[] = [];
  readonly ends: { reason: DisconnectReason; detail: number }[] = [];
  onFrameHook: ((session: Session) => void) | undefined;

  onConnected(): void {
    // The tests begin from here.
  }

  onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void {
    this.frames.push(Buffer.from(bytes.subarray(start, end)).toString("latin1"));
    this.onFrameHook?.(session);
  }

  onDisconnected(_session: Session, reason: DisconnectReason, detail: number): void {
    this.ends.push({ reason, detail });
  }
}

function openSession(options: Partial<ServiceOptions> = {}) {
  const port = new HandPort();
  const handler = new Recorder();
  const service = new Service({ port, kind: "server", createHandler: () => handler, ...options });
  const socket = new HandSocket();
  const session = service.adopt(socket, true);
  assert.ok(session);
  return { port, handler, service, socket, session };
}

/** Everything a session held is back. */
function assertAtRest(service: Service): void {
  service.sendBuffers.trim();
  assert.equal(service.sessionCount, 0);
  assert.equal(service.sendBuffers.usedCount, 0, "every chunk is free");
  assert.equal(service.receiveBuffers.rentedBytes, 0, "every tail is back");
  assert.equal(service.wheel.count, 0, "no timer is left");
}

const text = (value: string): Buffer => Buffer.from(value, "latin1");

describe("session", () => {
  it("delivers the same frames however the bytes are split", () => {
    const stream = text("\x03ab\x01\x05wxyz\x02q");
    const whole = ["\x03ab", "\x01", "\x05wxyz", "\x02q"];
    for (let first = 1; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second++) {
        const { handler, service, socket, session } = openSession({ framer: byteFramer });
        for (const part of [
          stream.subarray(0, first),
          stream.subarray(first, second),
          stream.subarray(second),
        ]) {
          if (part.length > 0) socket.receive(part);
        }
        assert.deepEqual(handler.frames, whole);
        assert.equal(service.receiveBuffers.rentedBytes, 0, "no incomplete frame, no buffer");
        assert.ok(session.isOpen);
      }
    }
  });

  it("ends with the framer's code when the bytes can never become a frame", () => {
    const { handler, service, socket, port } = openSession({ framer: byteFramer });
    port.turn(() => socket.receive(text("\x02a\x00\x02b")));
    assert.deepEqual(handler.frames, ["\x02a"], "what follows is not delivered");
    assert.deepEqual(socket.calls, ["startReceiving", "shutdown"]);
    socket.events.onReceiveEnded(0);
    assert.equal(socket.calls.at(-1), "close");
    socket.events.onClosed();
    assert.deepEqual(handler.ends, [{ reason: "PACKET_ERROR", detail: 3500 }]);
    assertAtRest(service);
  });

  it("merges what is sent in a turn into one gather send", () => {
    const { port, socket, session } = openSession();
    port.turn(() => {
      for (const word of ["one ", "two ", "three"]) session.sendBytes(text(word));
    });
    assert.equal(socket.calls.filter((call) => call === "send").length, 1);
    socket.completeSend();
    assert.equal(socket.sent.toString(), "one two three");
    assert.equal(session.queuedBytes, 0);
  });

  it("sends bytes once: a second sender during a send adds to the queue and repeats nothing", () => {
    const { port, socket, session } = openSession();
    port.turn(() => void session.sendBytes(text("first")));
    port.turn(() => void session.sendBytes(text("second")));
    assert.equal(socket.calls.filter((call) => call === "send").length, 1, "one send is outstanding");
    port.turn(() => socket.completeSend(3)); // a short send
    port.turn(() => socket.completeSend());
    assert.equal(socket.sent.toString(), "firstsecond");
    assert.equal(socket.isSending, false);
  });

  it("loses no wake-up: bytes queued while the last send completes still leave", () => {
    const { port, socket, session } = openSession();
    port.turn(() => void session.sendBytes(text("a")));
    port.turn(() => {
      socket.completeSend();
      session.sendBytes(text("b"));
    });
    assert.ok(socket.isSending, "the queue that became empty was looked at again");
    socket.completeSend();
    assert.equal(socket.sent.toString(), "ab");
  });

  it("does not return to its pool while an operation in the other direction is pending", () => {
    const { port, handler, service, socket, session } = openSession();
    const { id } = session;
    port.turn(() => void session.sendBytes(text("pending")));
    port.turn(() => socket.events.onReceiveEnded(-Errno.ECONNRESET));
    assert.equal(socket.calls.at(-1), "close");
    assert.equal(service.find(id), session, "the slot is taken: a send is outstanding");
    assert.equal(handler.ends.length, 0);
    assert.ok(service.sendBuffers.usedCount > 0, "its bytes are held");
    socket.failSend(Errno.ECANCELED);
    assert.equal(service.find(id), session, "the descriptor is still open");
    socket.events.onClosed();
    assert.equal(service.find(id), undefined);
    assert.deepEqual(handler.ends, [{ reason: "RECV_ERROR", detail: Errno.ECONNRESET }]);
    assertAtRest(service);
  });

  it("refuses the id of a session that has ended, also when its slot is taken again", () => {
    const { service, socket, session } = openSession({ limits: { sessions: 1 } });
    session.abort();
    socket.events.onReceiveEnded(-Errno.ECANCELED);
    socket.events.onClosed();
    const next = service.adopt(new HandSocket(), true);
    assert.ok(next);
    assert.throws(() => service.get(session.id), { code: "STALE_SESSION" });
    assert.equal(service.get(next.id), next);
    assert.equal(session.sendBytes(text("ghost")), false, "an ended session sends nothing");
    assert.equal(next.queuedBytes, 0);
  });

  it("ends a session whose queue would exceed its limit, and frees what it held", () => {
    const { port, handler, service, socket, session } = openSession({ limits: { sendQueueBytes: 10 } });
    port.turn(() => void session.sendBytes(text("12345678")));
    assert.equal(session.sendBytes(text("abc")), false);
    assert.equal(socket.calls.at(-1), "abort");
    socket.failSend(Errno.ECANCELED);
    socket.events.onReceiveEnded(-Errno.ECANCELED);
    socket.events.onClosed();
    assert.deepEqual(handler.ends, [{ reason: "SEND_QUEUE_FULL", detail: 0 }]);
    assert.equal(service.counters.sendQueueOverflows, 1);
    assertAtRest(service);
  });

  it("sends what is queued before it closes, then waits for the peer's FIN", () => {
    const { port, handler, service, socket, session } = openSession();
    port.turn(() => {
      session.sendBytes(text("last words"));
      session.disconnect("DISCONNECT", 7);
    });
    socket.completeSend();
    assert.equal(socket.calls.at(-1), "shutdown");
    socket.receive(text("ignored"));
    assert.deepEqual(handler.frames, []);
    socket.events.onReceiveEnded(0);
    socket.events.onClosed();
    assert.equal(socket.sent.toString(), "last words");
    assert.deepEqual(handler.ends, [{ reason: "DISCONNECT", detail: 7 }]);
    assertAtRest(service);
  });

  it("resets a peer that does not let it drain in time", () => {
    const { port, handler, socket, session } = openSession({ limits: { drainTimeoutMs: 500 } });
    port.turn(() => {
      session.sendBytes(text("never read"));
      session.disconnect("DISCONNECT");
    });
    port.advance(700);
    assert.equal(socket.calls.at(-1), "abort");
    socket.failSend(Errno.ECANCELED);
    socket.events.onReceiveEnded(-Errno.ECANCELED);
    socket.events.onClosed();
    assert.deepEqual(handler.ends, [{ reason: "DISCONNECT", detail: 0 }]);
  });

  it("answers a peer that has finished sending before it closes", () => {
    const { port, handler, socket } = openSession();
    handler.onFrameHook = (session) => void session.sendBytes(text("answer"));
    port.turn(() => {
      socket.receive(text("question"));
      socket.events.onReceiveEnded(0);
    });
    socket.completeSend();
    assert.equal(socket.sent.toString(), "answer");
    assert.equal(socket.calls.at(-1), "close");
    socket.events.onClosed();
    assert.deepEqual(handler.ends, [{ reason: "RECV_0", detail: 0 }]);
  });

  it("pauses receiving while too much waits to be sent, and goes on after", () => {
    const { port, socket, session } = openSession({ limits: { receivePauseBytes: 8 } });
    port.turn(() => void session.sendBytes(text("0123456789")));
    assert.equal(socket.calls.at(-2), "stopReceiving");
    socket.events.onReceiveEnded(-Errno.ECANCELED);
    assert.ok(session.isOpen);
    socket.completeSend();
    assert.equal(socket.calls.at(-1), "startReceiving");
  });

  it("keeps a deadline that is set by who is told of idleness, sooner than it would be told again", () => {
    const told: string[] = [];
    const handler: SessionHandler = {
      onConnected: () => undefined,
      onFrame: () => undefined,
      onDisconnected: () => undefined,
      onIdle: (session) => {
        told.push("idle");
        session.setHandshakeTimeout(1000);
      },
      onHandshakeTimeout: (session) => {
        told.push("time is up");
        session.disconnect();
      },
    };
    const { port } = openSession({ createHandler: () => handler, limits: { idleTimeoutMs: 25_000 } });
    port.advance(25_200);
    assert.deepEqual(told, ["idle"]);
    port.advance(1200);
    assert.deepEqual(told, ["idle", "time is up"]);
  });

  it("keeps the handshake and idle timeouts, each with its reason", () => {
    const late = openSession({ limits: { handshakeTimeoutMs: 1000 } });
    late.port.advance(1200);
    late.socket.events.onReceiveEnded(0);
    late.socket.events.onClosed();
    assert.deepEqual(late.handler.ends, [{ reason: "HANDSHAKE_TIMEOUT", detail: 0 }]);

    const idle = openSession({ limits: { handshakeTimeoutMs: 1000, idleTimeoutMs: 2000 } });
    idle.session.completeHandshake();
    idle.port.advance(1500);
    idle.socket.receive(text("x"));
    idle.port.advance(1500);
    assert.ok(idle.session.isOpen, "a received byte puts the idle timeout off");
    idle.port.advance(1000);
    assert.equal(idle.session.state, "draining");
    idle.socket.events.onReceiveEnded(0);
    idle.socket.events.onClosed();
    assert.deepEqual(idle.handler.ends, [{ reason: "IDLE_TIMEOUT", detail: 0 }]);
    assert.equal(idle.port.runningTimers <= 1, true);
    idle.port.advance(500);
    assert.equal(idle.port.runningTimers, 0, "a service without sessions does not tick");
  });

  it("ends a session for which no buffer is left for an incomplete frame", () => {
    const { port, handler, socket } = openSession({
      framer: byteFramer,
      limits: { receiveBufferBytes: 100 },
    });
    port.turn(() => socket.receive(text("\xffx")));
    assert.equal(socket.calls.at(-1), "shutdown");
    socket.events.onReceiveEnded(0);
    socket.events.onClosed();
    assert.deepEqual(handler.ends, [{ reason: "RECV_BUFFER_OVER_FULL", detail: 0 }]);
  });

  it("sends more than a chunk holds", () => {
    const { port, socket, session } = openSession({ limits: { sendQueueBytes: 1 << 20 } });
    const big = Buffer.alloc(CHUNK_BYTES * 3 + 17, "0123456789");
    port.turn(() => void session.sendBytes(big));
    while (socket.isSending) port.turn(() => socket.completeSend(50_000));
    assert.ok(socket.sent.equals(big));
  });
});
