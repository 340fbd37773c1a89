import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HandPort, HandSocket } from "../../test/support/hand-port.ts";
import type { AcceptEvents, CompletionPort } from "./completion-port.ts";
import type { DisconnectReason } from "./disconnect-reason.ts";
import type { Framer } from "./framer.ts";
import type { Listener, ListenerOptions } from "./listener.ts";
import { Errno } from "./port-error.ts";
import { type ProxyHeaderFault, ProxyHeaderFaults } from "./proxy-protocol.ts";
import { Service, type ServiceOptions } from "./service.ts";
import type { Session } from "./session.ts";
import type { SessionHandler } from "./session-handler.ts";
import type { SocketAddress } from "./socket-address.ts";

const lineFramer: Framer = {
  frameLength: (bytes, start, end) => bytes.subarray(start, end).indexOf(10) + 1,
  headerBytes: 64,
  frameLimitBytes: 64,
};

class ListeningPort extends HandPort {
  events: AcceptEvents | undefined;

  override readonly listen: CompletionPort["listen"] = (address, _options, events) => {
    this.events = events;
    return Promise.resolve({ address, close: () => events.onListenerClosed() });
  };
}

class PeerSocket extends HandSocket {
  override readonly remote: SocketAddress;

  constructor(host: string) {
    super();
    this.remote = { family: 4, host, port: 40_000 };
  }

  end(): void {
    this.events.onReceiveEnded(0);
    if (this.isSending) this.completeSend();
    this.events.onClosed();
  }
}

/** What a handler was told, one line each. */
function recorder(name: string, log: string[]): (session: Session) => SessionHandler {
  return (session) => {
    log.push(`${name} made for ${session.remote.host}`);
    return {
      onConnected: () => void log.push(`${name} connected`),
      onFrame: (_session, bytes, start, end) =>
        void log.push(`${name} ${Buffer.from(bytes.subarray(start, end)).toString("latin1").trimEnd()}`),
      onDisconnected: (_session: Session, reason: DisconnectReason, detail: number) =>
        void log.push(`${name} ${reason} ${detail}`),
    };
  };
}

async function open(options: ListenerOptions, service: Partial<ServiceOptions> = {}) {
  const port = new ListeningPort();
  const log: string[] = [];
  const made = new Service({ port, kind: "server", createHandler: recorder("service", log), ...service });
  const listener: Listener = await made.listen({ family: 4, host: "0.0.0.0", port: 1 }, options);
  const accept = (host: string): PeerSocket => {
    const socket = new PeerSocket(host);
    port.turn(() => port.events?.onAccepted(socket));
    return socket;
  };
  const sessions = (): Session[] => [...made.sessions()];
  return { port, log, service: made, listener, accept, sessions };
}

const isRefused = (socket: PeerSocket): boolean => socket.calls.includes("abort");

describe("a listener", () => {
  it("has a handler, a framer and timeouts of its own", async () => {
    const log: string[] = [];
    const world = await open(
      {
        createHandler: recorder("listener", log),
        framer: lineFramer,
        handshakeTimeoutMs: 1000,
        idleTimeoutMs: 700,
      },
      { limits: { handshakeTimeoutMs: 300, idleTimeoutMs: 300 } },
    );
    const socket = world.accept("10.0.0.1");
    world.port.advance(500);
    socket.receive(Buffer.from("one\ntwo\nth"));
    assert.deepEqual(log, [
      "listener made for 10.0.0.1",
      "listener connected",
      "listener one",
      "listener two",
    ]);
    assert.deepEqual(world.log, [], "the service's own is not asked");
    world.port.advance(400);
    socket.receive(Buffer.from("ree\n"));
    world.port.advance(300);
    socket.end();
    assert.equal(log.at(-1), "listener HANDSHAKE_TIMEOUT 0");
  });

  it("has a refusal of its own, and asks who may come", async () => {
    const asked: string[] = [];
    const { accept, service } = await open(
      {
        refusal: (reason) => Buffer.from(`sorry: ${reason}`),
        admit: ({ host }) => {
          asked.push(host);
          return host === "10.0.0.9" ? "ADDRESS_LIMIT" : undefined;
        },
      },
      { refusal: () => Buffer.from("the service's"), limits: { sessions: 1 } },
    );
    const refused = accept("10.0.0.9");
    refused.completeSend();
    assert.equal(refused.sent.toString(), "sorry: ADDRESS_LIMIT");
    refused.events.onReceiveEnded(0);
    refused.events.onClosed();
    accept("10.0.0.1");
    const second = accept("10.0.0.2");
    second.completeSend();
    assert.equal(second.sent.toString(), "sorry: SERVER_FULL");
    assert.deepEqual(asked, ["10.0.0.9", "10.0.0.1"], "asked only about those that the limits allow");
    assert.equal(service.counters.refused.ADDRESS_LIMIT, 1);
    assert.equal(service.counters.refused.SERVER_FULL, 1);
  });

  it("asks nothing more of a refused connection that it has closed", async () => {
    const { port, accept, service } = await open(
      { refusal: (reason) => Buffer.from(reason) },
      { limits: { sessions: 1 } },
    );
    const only = accept("10.0.0.9");
    // The peer has finished before it is told why: both completions come in one turn, this one first.
    const finished = accept("10.0.0.1");
    port.turn(() => finished.end());
    assert.deepEqual(finished.calls, ["startReceiving", "send", "close"]);
    // What the kernel had taken of the send when it was cancelled is told as well.
    const slow = accept("10.0.0.2");
    port.advance(1000);
    port.turn(() => slow.completeSend(3));
    assert.deepEqual(slow.calls, ["startReceiving", "send", "abort"]);
    slow.events.onClosed();
    // Receiving ends once more with the close.
    const broken = accept("10.0.0.3");
    port.turn(() => {
      broken.failSend(Errno.ECONNRESET);
      broken.end();
    });
    assert.deepEqual(broken.calls, ["startReceiving", "send", "abort"]);
    only.end();
    port.advance(200);
    service.sendBuffers.trim();
    assert.equal(service.sendBuffers.usedCount, 0, "every chunk is free");
    assert.equal(port.runningTimers, 0);
  });

  it("does not limit exempt hosts by their address, but those that they speak for", async () => {
    const { accept, sessions } = await open(
      { isExempt: (host) => host === "10.0.0.1" },
      { limits: { sessionsPerAddress: 2 } },
    );
    const proxied = [1, 2, 3, 4].map(() => accept("10.0.0.1"));
    assert.equal(proxied.filter(isRefused).length, 0);
    const client = { family: 4, host: "192.0.2.7", port: 1 } as const;
    const [first, second, third, fourth] = sessions() as [Session, Session, Session, Session];
    assert.equal(first.setRemote(client), undefined);
    assert.equal(first.setRemote({ ...client, port: 2 }), undefined, "the same host counts once");
    assert.deepEqual([first.remote.port, first.peer.host], [2, "10.0.0.1"]);
    assert.equal(second.setRemote(client), undefined);
    assert.equal(third.setRemote(client), "ADDRESS_LIMIT");
    assert.ok(isRefused(accept("192.0.2.7")), "direct connections count with them");
    assert.equal(second.setRemote({ ...client, host: "192.0.2.8" }), undefined);
    assert.equal(third.setRemote(client), undefined, "a place was left");
    proxied[0]?.end();
    proxied[2]?.end();
    assert.ok(!isRefused(accept("192.0.2.7")));
    assert.ok(!isRefused(accept("192.0.2.7")));
    assert.ok(isRefused(accept("192.0.2.7")));
    assert.equal(fourth.setRemote({ ...client, host: "10.0.0.1" }), undefined, "exempt again");
  });

  it("counts a session for nobody while its address is over its limit", async () => {
    const { accept, sessions } = await open({}, { limits: { sessionsPerAddress: 1 } });
    const kept = accept("10.0.0.1");
    const moved = accept("10.0.0.2");
    const [, session] = sessions();
    assert.equal(session?.setRemote({ family: 4, host: "10.0.0.1", port: 1 }), "ADDRESS_LIMIT");
    assert.ok(!isRefused(accept("10.0.0.2")), "it left its old address");
    moved.end();
    assert.ok(isRefused(accept("10.0.0.1")), "its end takes nothing from the one that is there");
    kept.end();
    assert.ok(!isRefused(accept("10.0.0.1")));
  });
});

describe("a listener behind a proxy", () => {
  const proxied: ListenerOptions = { proxyHeader: (host) => host === "10.0.0.1", framer: lineFramer };

  it("takes the header off, in every split, before anybody hears of the session", async () => {
    const stream = Buffer.from("PROXY TCP4 192.0.2.7 10.0.0.1 4711 9000\r\none\ntwo\n");
    for (let split = 1; split <= stream.length; split++) {
      const { log, accept, sessions, service } = await open(proxied);
      const socket = accept("10.0.0.1");
      assert.deepEqual(log, []);
      for (let at = 0; at < stream.length; at += split) socket.receive(stream.subarray(at, at + split));
      assert.deepEqual(log, [
        "service made for 192.0.2.7",
        "service connected",
        "service one",
        "service two",
      ]);
      const [session] = sessions();
      assert.deepEqual(session?.remote, { family: 4, host: "192.0.2.7", port: 4711 });
      assert.equal(session?.peer.host, "10.0.0.1");
      assert.equal(service.receiveBuffers.rentedBytes, 0);
    }
  });

  it("looks for no header from other hosts", async () => {
    const { log, accept, sessions } = await open(proxied);
    accept("10.0.0.2").receive(Buffer.from("PROXY TCP4 192.0.2.7 10.0.0.1 4711 9000\r\n"));
    assert.equal(log.at(-1), "service PROXY TCP4 192.0.2.7 10.0.0.1 4711 9000");
    assert.equal(sessions()[0]?.remote.host, "10.0.0.2");
  });

  it("keeps the peer where the proxy speaks for itself, uncounted", async () => {
    const { log, accept, sessions } = await open(proxied, { limits: { sessionsPerAddress: 1 } });
    for (let count = 0; count < 3; count++) accept("10.0.0.1").receive(Buffer.from("PROXY UNKNOWN\r\nhi\n"));
    assert.equal(log.at(-1), "service hi");
    assert.deepEqual(
      sessions().map((session) => session.remote.host),
      ["10.0.0.1", "10.0.0.1", "10.0.0.1"],
    );
  });

  it("ends a session without a header, and says what was wrong", async () => {
    const faults: [string, ProxyHeaderFault][] = [];
    const { log, accept, service } = await open({
      ...proxied,
      onProxyHeaderFault: (peer, fault) => faults.push([peer.host, fault]),
    });
    for (const wrong of ["GET / HTTP/1.1\r\n", "PROXY TCP4 999.0.2.7 10.0.0.1 4711 9000\r\n"]) {
      const socket = accept("10.0.0.1");
      socket.receive(Buffer.from(wrong));
      socket.end();
    }
    assert.deepEqual(faults, [
      ["10.0.0.1", ProxyHeaderFaults.MISSING],
      ["10.0.0.1", ProxyHeaderFaults.BAD_ADDRESS],
    ]);
    assert.deepEqual(log, [], "no handler was made");
    assert.equal(service.counters.disconnects.PACKET_ERROR, 2);
    assert.equal(service.sessionCount, 0);
  });

  it("gives the header its time, and the handshake its own after that", async () => {
    const { port, log, accept, sessions, service } = await open({ ...proxied, handshakeTimeoutMs: 8000 });
    const silent = accept("10.0.0.1");
    const quick = accept("10.0.0.1");
    port.advance(4000);
    quick.receive(Buffer.from("PROXY UNKNOWN\r\n"));
    port.advance(1500);
    silent.end();
    assert.equal(service.counters.disconnects.HANDSHAKE_TIMEOUT, 1);
    assert.ok(sessions()[0]?.isOpen);
    port.advance(7000);
    quick.end();
    assert.equal(log.at(-1), "service HANDSHAKE_TIMEOUT 0");
  });

  it("refuses an address that is over its limit, with the refusal's bytes", async () => {
    const { port, log, accept, service } = await open(
      { ...proxied, refusal: (reason) => Buffer.from(reason) },
      { limits: { sessionsPerAddress: 1 } },
    );
    const header = Buffer.from("PROXY TCP4 192.0.2.7 10.0.0.1 4711 9000\r\n");
    const first = accept("10.0.0.1");
    first.receive(header);
    const second = accept("10.0.0.1");
    port.turn(() => second.receive(header));
    second.completeSend();
    assert.equal(second.sent.toString(), "ADDRESS_LIMIT");
    second.end();
    assert.equal(service.counters.refused.ADDRESS_LIMIT, 1);
    assert.deepEqual(log, ["service made for 192.0.2.7", "service connected"]);
    first.end();
    accept("10.0.0.1").receive(header);
    assert.equal(log.at(-1), "service connected");
  });
});
