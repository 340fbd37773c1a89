import assert from "node:assert/strict";
import { SeededRandom } from "../../../src/base/random.ts";
import type { Framer, Session, SessionHandler } from "../../../src/engine/index.ts";
import type { SessionCase } from "../session-suite.ts";
import { frame, Peer, sizeFramer, type World } from "../session-world.ts";

/** Lines that end with \n, at most 64 bytes. */
const lineFramer: Framer = {
  headerBytes: 64,
  frameLimitBytes: 64,
  frameLength(bytes, start, end) {
    const found = bytes.subarray(start, Math.min(end, start + 64)).indexOf(10);
    return found >= 0 ? found + 1 : end - start >= 64 ? -1 : 0;
  },
};

/** Overwrites what it was lent, which it may. */
class Scribbler extends Peer {
  override onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void {
    super.onFrame(session, bytes, start, end);
    bytes.fill(0xee, start, end);
  }
}

/** Reads lines until "switch", then hands the session to the peer. */
class LineReader implements SessionHandler {
  readonly lines: string[] = [];
  readonly next: Peer;
  session: Session | undefined;

  constructor(next: Peer) {
    this.next = next;
  }

  onConnected(session: Session): void {
    this.session = session;
  }

  onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void {
    this.lines.push(Buffer.from(bytes.subarray(start, end - 1)).toString());
    bytes.fill(0xee, start, end);
    if (this.lines.at(-1) === "switch") session.switchProtocol(sizeFramer, this.next);
  }

  onDisconnected(): void {
    assert.fail("the session is another handler's by then");
  }
}

/** Sends a stream in pieces of random sizes, some of which arrive together. */
async function sendSplit(
  world: World,
  session: Session,
  stream: Buffer,
  random: SeededRandom,
): Promise<void> {
  for (let at = 0; at < stream.length;) {
    const count = Math.min(1 + random.below(random.chance(0.5) ? 4 : 900), stream.length - at);
    assert.ok(session.sendBytes(stream.subarray(at, at + count)));
    at += count;
    if (random.chance(0.5)) await world.env.until(() => session.queuedBytes === 0, "the part leaves");
  }
}

/** Sessions that change their protocol, and what comes before a protocol: a PROXY header. */
export function switchingCases(sessionCase: SessionCase): void {
  sessionCase("bytes that come in one piece with a switch are cut by the new framer", async (world) => {
    const random = new SeededRandom(17);
    const bodies = Array.from({ length: 40 }, (_, index) => random.bytes(index % 9 === 0 ? 3000 : index));
    const stream = Buffer.concat([Buffer.from("one\ntwo\nswitch\n"), ...bodies.map(frame)]);
    const readers: LineReader[] = [];
    const listener = await world.env.settled(
      world.server.listen(world.env.listenAddress, {
        framer: lineFramer,
        createHandler: () => {
          const reader = new LineReader(new Scribbler());
          readers.push(reader);
          return reader;
        },
      }),
    );
    for (let round = 0; round < 8; round++) {
      const session = await world.env.settled(world.client.connect(listener.address));
      // In the first round as few pieces as the network allows, later in many.
      if (round === 0) session.sendBytes(stream);
      else await sendSplit(world, session, stream, random);
      await world.env.until(() => readers[round]?.next.received.length === bodies.length, "all frames");
      const reader = readers[round] as LineReader;
      assert.deepEqual(reader.lines, ["one", "two", "switch"]);
      for (const [index, body] of bodies.entries()) {
        assert.ok(reader.next.received[index]?.equals(frame(body)), `frame ${index}`);
      }
      session.disconnect("DISCONNECT", 3);
      await world.env.until(() => reader.next.ends.length === 1, "the end is told to the new handler");
      assert.deepEqual(reader.next.ends, [{ reason: "RECV_0", detail: 0 }]);
      assert.equal(reader.next.connectedCount, 0);
    }
    await world.env.settled(listener.close());
  });

  sessionCase(
    "the beginning of a frame that had arrived before a switch is the new protocol's",
    async (world) => {
      let reader: LineReader | undefined;
      const next = new Scribbler();
      const listener = await world.env.settled(
        world.server.listen(world.env.listenAddress, {
          framer: sizeFramer,
          createHandler: () => (reader = new LineReader(next)),
        }),
      );
      const client = await world.env.settled(world.client.connect(listener.address));
      // The size says 0x0141: more than there is, so that all of it waits.
      const beginning = Buffer.from("A\x01one\ntwo\nth", "latin1");
      const before = world.env.server.counters.receivedBytes;
      client.sendBytes(beginning);
      await world.env.until(
        () => world.env.server.counters.receivedBytes - before === beginning.length,
        "the beginning arrives",
      );
      assert.ok(world.server.receiveBuffers.rentedBytes > 0);
      world.env.server.post(() => {
        reader?.session?.switchProtocol(lineFramer, next);
        reader?.session?.deliver(Buffer.from("taken before\n"));
      });
      await world.env.until(() => next.received.length === 3, "what was there is cut, without a byte more");
      client.sendBytes(Buffer.from("ree\n"));
      await world.env.until(() => next.received.length === 4, "the rest of the line");
      assert.equal(next.bytes.toString("latin1"), "taken before\nA\x01one\ntwo\nthree\n");
      assert.equal(world.server.receiveBuffers.rentedBytes, 0);
      await world.env.settled(listener.close());
    },
  );

  sessionCase(
    "lent bytes are the receiver's alone: what one writes into them, no other sees",
    async (world) => {
      const scribblers: Scribbler[] = [];
      const listener = await world.env.settled(
        world.server.listen(world.env.listenAddress, {
          framer: sizeFramer,
          createHandler: () => {
            const scribbler = new Scribbler();
            scribblers.push(scribbler);
            return scribbler;
          },
        }),
      );
      const sessions = await world.env.settled(
        Promise.all(Array.from({ length: 6 }, () => world.client.connect(listener.address))),
      );
      const random = new SeededRandom(23);
      const body = frame(random.bytes(900));
      for (let round = 0; round < 50; round++) {
        // One range of one chunk goes to everybody, as a broadcast does.
        const chunk = world.client.sendBuffers.open(body.length);
        const at = chunk.writtenBytes;
        chunk.bytes.set(body, at);
        world.client.sendBuffers.close(body.length);
        for (const session of sessions) session.send(chunk, at, at + body.length);
        if (random.chance(0.3)) {
          await world.env.until(() => sessions.every((session) => session.queuedBytes === 0), "it leaves");
        }
      }
      await world.env.until(
        () => scribblers.length === 6 && scribblers.every((scribbler) => scribbler.received.length === 50),
        "everybody has everything",
      );
      for (const scribbler of scribblers) {
        for (const received of scribbler.received) assert.ok(received.equals(body));
      }
      await world.env.settled(listener.close());
    },
  );

  sessionCase("a PROXY header is taken off, and is who the session is with", async (world) => {
    const random = new SeededRandom(29);
    const inet = Buffer.from("0d0a0d0a000d0a515549540a2111000cc00002070a000001126701bb", "hex");
    const headers = [Buffer.from("PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\r\n"), inet];
    const peers: Peer[] = [];
    const listener = await world.env.settled(
      world.server.listen(world.env.listenAddress, {
        framer: sizeFramer,
        proxyHeader: (host) => host === world.env.listenAddress.host || host.length > 0,
        createHandler: () => {
          const peer = new Peer();
          peers.push(peer);
          return peer;
        },
      }),
    );
    const bodies = Array.from({ length: 20 }, (_, index) => frame(random.bytes(index * 31)));
    for (let round = 0; round < 8; round++) {
      const client = await world.env.settled(world.client.connect(listener.address));
      const stream = Buffer.concat([headers[round % 2] as Buffer, ...bodies]);
      if (round < 2) client.sendBytes(stream);
      else await sendSplit(world, client, stream, random);
      await world.env.until(() => peers[round]?.received.length === bodies.length, "all frames");
      const peer = peers[round] as Peer;
      assert.ok(peer.bytes.equals(Buffer.concat(bodies)));
      assert.deepEqual(peer.session?.remote, { family: 4, host: "192.0.2.7", port: 4711 });
      assert.notEqual(peer.session?.peer.host, "192.0.2.7");
      assert.equal(peer.connectedCount, 1);
      client.disconnect();
      await world.env.until(() => peer.ends.length === 1, "the session ends");
    }
    const stranger = await world.env.settled(world.client.connect(listener.address));
    stranger.sendBytes(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
    await world.env.until(() => stranger.state === "closed", "no header, no session");
    assert.equal(peers.length, 8);
    await world.env.until(() => world.server.counters.disconnects.PACKET_ERROR === 1, "and it is counted");
    await world.env.settled(listener.close());
  });
}
