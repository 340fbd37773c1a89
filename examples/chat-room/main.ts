/**
 * A chat room in a page, on the engine alone: each line somebody types goes to everybody else.
 * `npm run example:chat-room`, then `nc 127.0.0.1 7001` in several terminals.
 *
 * What to see here: a framer that ends frames at line feeds, and a fan-out that writes each line once
 * and sends the same bytes to every session.
 */
import {
  formatSocketAddress,
  type Framer,
  openPort,
  parseSocketAddress,
  type SendBufferPool,
  Service,
  type Session,
} from "../../src/engine/index.ts";

const LINE_LIMIT_BYTES = 512;
const LINE_TOO_LONG = 3501;

const lineFramer: Framer = {
  headerBytes: LINE_LIMIT_BYTES,
  frameLimitBytes: LINE_LIMIT_BYTES,
  frameLength(bytes, start, end) {
    const lineFeed = bytes.subarray(start, Math.min(end, start + LINE_LIMIT_BYTES)).indexOf(10);
    if (lineFeed >= 0) return lineFeed + 1;
    return end - start >= LINE_LIMIT_BYTES ? -LINE_TOO_LONG : 0;
  },
};

const members = new Set<Session>();

/** Writes a line into a send buffer once and queues that range for everybody but `except`. */
function say(sendBuffers: SendBufferPool, text: string, except: Session): void {
  const line = Buffer.from(text);
  const chunk = sendBuffers.open(line.byteLength);
  const start = chunk.writtenBytes;
  chunk.bytes.set(line, start);
  sendBuffers.close(line.byteLength);
  for (const member of members) if (member !== except) member.send(chunk, start, start + line.byteLength);
}

const { port } = openPort();

const service = new Service({
  port,
  kind: "server",
  framer: lineFramer,
  limits: { idleTimeoutMs: 600_000 },
  createHandler: (created) => {
    const name = `guest-${created.id % 1000}`;
    return {
      onConnected(session) {
        members.add(session);
        session.sendBytes(Buffer.from(`You are ${name}; ${members.size} here.\n`));
        say(service.sendBuffers, `* ${name} came\n`, session);
      },
      onFrame(session, bytes, start, end) {
        say(
          service.sendBuffers,
          `${name}: ${Buffer.from(bytes.subarray(start, end)).toString("utf8")}`,
          session,
        );
      },
      onDisconnected(session, reason) {
        members.delete(session);
        say(service.sendBuffers, `* ${name} left (${reason})\n`, session);
      },
    };
  },
});

const listener = await service.listen(parseSocketAddress(process.argv[2] ?? "127.0.0.1:7001"));
console.log(`listening on ${formatSocketAddress(listener.address)} with ${port.backend}`);

process.once("SIGINT", () => void service.close().then(() => port.close()));
