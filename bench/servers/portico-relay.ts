import {
  makeCertificate,
  openPort,
  SendBufferPool,
  Service,
  type Session,
  socketAddress,
  type TlsDriver,
} from "../../src/engine/index.ts";
import type { BackendChoice } from "../../src/engine/index.ts";
import { PacketFramer, readPacketType, writePacketHeader } from "../../src/protocol/packet-framer.ts";
import { announce, option } from "./control.ts";
import {
  joinedName,
  RELAY_JOIN,
  RELAY_JOINED,
  RELAY_NOTICE,
  RELAY_PUBLISH,
  relayFrame,
  RelayRooms,
} from "./relay-frames.ts";

/**
 * Rooms on Portico's engine alone: sessions, framing and shared send buffers, but no accounts, order or
 * history. What the chat server costs above this is the chat's own.
 */
const { port } = openPort({ backend: option("backend", "auto") as BackendChoice });
const sendBuffers = new SendBufferPool(port.arena);
const rooms = new RelayRooms<Session>();
const joined = relayFrame(RELAY_JOINED, new Uint8Array(0));

/** Written once, into the send buffer; sent to every member without a copy. */
function relay(publisher: Session, publication: Uint8Array): void {
  const { byteLength } = publication;
  const chunk = sendBuffers.open(byteLength);
  const start = chunk.writtenBytes;
  chunk.bytes.set(publication, start);
  writePacketHeader(chunk.bytes, start, byteLength, RELAY_NOTICE);
  sendBuffers.close(byteLength);
  const end = chunk.writtenBytes;
  for (const member of rooms.membersWith(publisher)) member.send(chunk, start, end);
}

const service = new Service({
  port,
  kind: "server",
  framer: new PacketFramer(),
  sendBuffers,
  limits: { sessions: 20_000 },
  createHandler: () => ({
    onConnected: () => undefined,
    onFrame(session, bytes, start, end) {
      const type = readPacketType(bytes, start);
      if (type === RELAY_PUBLISH) relay(session, bytes.subarray(start, end));
      else if (type === RELAY_JOIN) {
        rooms.join(session, joinedName(bytes.subarray(start, end)));
        session.sendBytes(joined);
      }
    },
    onDisconnected: (session) => rooms.leave(session),
  }),
});
const tls = option("tls", "none");
const now = Date.now();
const certificate =
  tls === "none"
    ? undefined
    : makeCertificate({ names: ["127.0.0.1"], validFromMs: now - 3_600_000, validToMs: now + 86_400_000 });
const listener = await service.listen(
  socketAddress("127.0.0.1", 0),
  certificate === undefined ? {} : { tls: { certificates: [certificate], driver: tls as TlsDriver } },
);
announce(listener.address.port, undefined, certificate?.fingerprint);
await port.run();
