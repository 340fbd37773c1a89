import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { pipeline } from "node:stream/promises";
import { testBackends } from "../../test/support/chat-test-server.ts";
import { until } from "../../test/support/chat-test-client.ts";
import { RawHttpClient } from "../../test/support/raw-http-client.ts";
import {
  openPort,
  rawFramer,
  Service,
  type Session,
  type SocketAddress,
  socketAddress,
} from "../engine/index.ts";
import { ConnectionLostError, SessionStream, STREAM_QUEUE_BYTES } from "./session-stream.ts";

interface World {
  readonly service: Service;
  readonly address: SocketAddress;
  readonly streams: SessionStream[];
  readonly released: SessionStream[];
}

for (const backend of testBackends) {
  const open = async (test: TestContext, onStream: (stream: SessionStream) => void): Promise<World> => {
    const { port } = openPort({ backend });
    const streams: SessionStream[] = [];
    const released: SessionStream[] = [];
    const service = new Service({
      port,
      kind: "server",
      createHandler: (session) =>
        new SessionStream(session, {
          startTimer: (delayMs, onExpired) => port.startTimer(delayMs, onExpired),
          onConnected: (stream) => {
            streams.push(stream);
            // What is left open when the test ends is told that it is lost.
            stream.on("error", () => undefined);
            onStream(stream);
          },
          onReleased: (stream) => released.push(stream),
        }),
    });
    test.after(async () => {
      await service.close();
      await port.close();
    });
    const { address } = await service.listen(socketAddress("127.0.0.1", 0));
    return { service, address, streams, released };
  };

  describe(`SessionStream on ${backend}`, () => {
    it("is a socket to who wants one", async (test) => {
      const { address, streams } = await open(test, () => undefined);
      const client = RawHttpClient.open(test, address);
      await until(() => streams.length === 1, "the connection");
      const [stream] = streams as [SessionStream];
      assert.deepEqual(
        [stream.remoteAddress, stream.remotePort, stream.remoteFamily, stream.localAddress, stream.localPort],
        ["127.0.0.1", client.socket.localPort, "IPv4", "127.0.0.1", address.port],
      );
      assert.equal(stream.setNoDelay().setKeepAlive().ref().unref(), stream);
      stream.setForwardedFor("2001:db8::1");
      assert.deepEqual(
        [stream.remoteAddress, stream.remotePort, stream.remoteFamily],
        ["2001:db8::1", 0, "IPv6"],
      );
      stream.setForwardedFor(undefined);
      client.socket.resetAndDestroy();
      await until(() => stream.destroyed, "the end");
      assert.equal(stream.remoteAddress, "127.0.0.1", "still known after the end");
    });

    it("brings every byte there and back, and ends when the other side does", async (test) => {
      const echoes: Promise<void>[] = [];
      const { address, released } = await open(test, (stream) => echoes.push(pipeline(stream, stream)));
      const client = RawHttpClient.open(test, address, true);
      const sent = Buffer.alloc(5_000_000, "0123456789").toString();
      client.send(sent);
      client.finish();
      assert.equal(await client.closed(), "end");
      assert.equal(client.received, sent);
      await Promise.all(echoes);
      await until(() => released.length === 1, "the release");
    });

    it("keeps at most so much in the session's queue, and calls back when the rest has got in", async (test) => {
      let writtenCount = 0;
      const { address, streams } = await open(test, (stream) => {
        for (let count = 0; count < 64; count++) stream.write(Buffer.alloc(1_000_000), () => writtenCount++);
      });
      const client = RawHttpClient.open(test, address);
      client.socket.pause();
      await until(() => streams.length === 1, "the connection");
      assert.ok((streams[0]?.session?.queuedBytes ?? 0) <= STREAM_QUEUE_BYTES);
      assert.ok(writtenCount < 64);
      assert.ok((streams[0]?.writableLength ?? 0) > 0);
      client.socket.resume();
      await until(() => writtenCount === 64, "all of it");
    });

    it("says with a reset that a part is not the whole", async (test) => {
      const { address, streams } = await open(test, (stream) => stream.write(Buffer.alloc(64_000_000)));
      const client = RawHttpClient.open(test, address);
      client.socket.pause();
      await until(() => streams.length === 1, "the connection");
      streams[0]?.destroy();
      client.socket.resume();
      assert.equal(await client.closed(), "reset");
    });

    it("sends what was written before it is destroyed, when all of it has got in", async (test) => {
      const { address } = await open(test, (stream) => {
        stream.write("the last words");
        stream.destroy();
      });
      const client = RawHttpClient.open(test, address);
      assert.equal(await client.closed(), "end");
      assert.equal(client.received, "the last words");
    });

    it("tells that the connection broke", async (test) => {
      const errors: unknown[] = [];
      const { address, streams } = await open(test, (stream) => {
        stream.on("error", (error) => errors.push(error));
        stream.resume();
      });
      const client = RawHttpClient.open(test, address);
      await until(() => streams.length === 1, "the connection");
      client.socket.resetAndDestroy();
      await until(() => streams[0]?.closed === true, "the end");
      assert.ok(errors[0] instanceof ConnectionLostError);
      assert.equal(errors[0].code, "ECONNRESET");
      assert.equal(streams[0]?.session, undefined);
    });

    it("tells when nothing moves", async (test) => {
      const timeouts: number[] = [];
      const { address, streams } = await open(test, (stream) => {
        stream.once("data", () => stream.setTimeout(50, () => timeouts.push(stream.bytesRead)));
      });
      const client = RawHttpClient.open(test, address);
      client.send("a");
      await until(() => timeouts.length === 1, "the timeout");
      assert.deepEqual(timeouts, [1]);
      streams[0]?.setTimeout(0);
      assert.equal(streams[0]?.timeout, 0);
    });

    it("gives the session back, with what was received before and after what was sent", async (test) => {
      const heard: string[] = [];
      const taken: Session[] = [];
      const { address, streams, released } = await open(test, (stream) => {
        // Neither consumed by anybody nor sent at once.
        stream.write("x".repeat(3_000_000));
      });
      const client = RawHttpClient.open(test, address);
      client.send("for the next protocol");
      await until(() => (streams[0]?.readableLength ?? 0) === 21, "what was sent");
      streams[0]?.takeBack((session, head) => {
        taken.push(session);
        session.sendBytes(Buffer.from("and then this"));
        session.switchProtocol(rawFramer, {
          onConnected: () => assert.fail("it was connected already"),
          onFrame: (_session, bytes, start, end) =>
            heard.push(Buffer.from(bytes.subarray(start, end)).toString()),
          onDisconnected: (_session, reason) => heard.push(reason),
        });
        session.deliver(head);
      }, Buffer.from("head; "));
      client.send(", later");
      await until(() => client.received.endsWith("and then this"), "everything");
      assert.equal(client.received, `${"x".repeat(3_000_000)}and then this`);
      await until(() => heard.join("") === "head; for the next protocol, later", "what was received");
      assert.deepEqual([streams[0]?.session, streams[0]?.destroyed, released.length], [undefined, true, 1]);
      client.socket.end();
      await until(() => heard.at(-1) === "RECV_0", "the end is the next protocol's");
      assert.equal(taken.length, 1);
    });

    it("gives nothing back that has ended", async (test) => {
      const { address, streams, service } = await open(test, () => undefined);
      const client = RawHttpClient.open(test, address, true);
      client.finish();
      await until(() => streams.length === 1, "the connection");
      await new Promise((resolve) => setTimeout(resolve, 20));
      await until(() => streams[0]?.session !== undefined, "the session is open still");
      streams[0]?.once("end", () => streams[0]?.takeBack(() => assert.fail("it has ended")));
      streams[0]?.resume();
      await until(() => service.sessionCount === 0, "the end");
    });
  });
}
