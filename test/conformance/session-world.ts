import assert from "node:assert/strict";
import {
  type CompletionPort,
  type DisconnectReason,
  type Framer,
  Service,
  type ServiceLimits,
  type Session,
  type SessionHandler,
  type SocketAddress,
} from "../../src/engine/index.ts";

/** Where the suite runs: a port for each side, and a way to wait that suits the port. */
export interface SessionEnvironment {
  readonly server: CompletionPort;
  readonly client: CompletionPort;
  /** Where the server listens; port 0. */
  readonly listenAddress: SocketAddress;
  /** Lets the ports work until the predicate holds; throws, naming `what`, when it never does. */
  until(predicate: () => boolean, what: string): Promise<void>;
  /** Lets both ports work until `promise` is settled. */
  settled<T>(promise: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** u16 little-endian size, counting itself; below 2 and above 4096 are invalid. */
export const sizeFramer: Framer = {
  headerBytes: 2,
  frameLimitBytes: 4096,
  frameLength(bytes, start, end) {
    if (end - start < 2) return 0;
    const size = (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
    return size < 2 ? -3500 : size > 4096 ? -3501 : size;
  },
};

export function frame(body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(body.byteLength + 2);
  bytes.writeUInt16LE(bytes.byteLength, 0);
  bytes.set(body, 2);
  return bytes;
}

/** Records what a session is told. */
export class Peer implements SessionHandler {
  session: Session | undefined;
  received: Buffer[] = [];
  readonly ends: { reason: DisconnectReason; detail: number }[] = [];
  connectedCount = 0;
  receivedBytes = 0;
  echoes = false;
  /** Frames are counted, not kept. */
  countsOnly = false;

  onConnected(session: Session): void {
    this.session = session;
    this.connectedCount++;
  }

  onFrame(session: Session, bytes: Uint8Array, start: number, end: number): void {
    assert.equal(this.ends.length, 0, "no frame after the end");
    this.receivedBytes += end - start;
    if (!this.countsOnly) this.received.push(Buffer.from(bytes.subarray(start, end)));
    if (this.echoes) session.sendBytes(bytes, start, end);
  }

  onDisconnected(_session: Session, reason: DisconnectReason, detail: number): void {
    this.ends.push({ reason, detail });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.received);
  }
}

export class World {
  readonly env: SessionEnvironment;
  readonly serverPeers: Peer[] = [];
  readonly clientPeers: Peer[] = [];
  readonly server: Service;
  readonly client: Service;
  address: SocketAddress;
  echoes = false;

  constructor(
    env: SessionEnvironment,
    limits: { server?: Partial<ServiceLimits>; client?: Partial<ServiceLimits> },
    framer?: Framer,
  ) {
    this.env = env;
    this.address = env.listenAddress;
    const framing = framer === undefined ? {} : { framer };
    this.server = new Service({
      port: env.server,
      kind: "server",
      ...framing,
      limits: limits.server ?? {},
      createHandler: () => {
        const peer = new Peer();
        peer.echoes = this.echoes;
        this.serverPeers.push(peer);
        return peer;
      },
    });
    this.client = new Service({
      port: env.client,
      kind: "client",
      ...framing,
      limits: limits.client ?? {},
      createHandler: () => {
        const peer = new Peer();
        this.clientPeers.push(peer);
        return peer;
      },
    });
  }

  async listen(): Promise<void> {
    const listener = await this.env.settled(this.server.listen(this.address));
    this.address = listener.address;
  }

  /** A connected pair: the client's peer and the server's. */
  async connect(): Promise<{ client: Peer; server: Peer; clientSession: Session; serverSession: Session }> {
    const before = this.serverPeers.length;
    const session = await this.env.settled(this.client.connect(this.address));
    await this.env.until(() => this.serverPeers.length > before, "the server accepts");
    const client = session.handler as Peer;
    const server = this.serverPeers.at(-1) as Peer;
    await this.env.until(() => server.session !== undefined, "the server's session opens");
    return { client, server, clientSession: session, serverSession: server.session as Session };
  }

  /** Ends both services and checks that nothing of any session is left. */
  async end(): Promise<void> {
    await this.env.settled(this.client.close());
    await this.env.settled(this.server.close());
    for (const service of [this.client, this.server]) {
      assert.equal(service.sessionCount, 0, "every slot is free");
      assert.equal(service.sendBuffers.usedCount, 0, "every send buffer is back");
      assert.equal(service.receiveBuffers.rentedBytes, 0, "every receive buffer is back");
      assert.equal(service.wheel.count, 0, "no timer is left");
      assert.equal(service.counters.sessionsOpened, service.counters.sessionsClosed);
    }
    for (const peer of [...this.serverPeers, ...this.clientPeers]) {
      if (peer.connectedCount > 0) assert.equal(peer.ends.length, 1, "onDisconnected comes exactly once");
    }
    await this.env.close();
    for (const port of [this.env.server, this.env.client]) {
      assert.equal(port.counters.outstandingOperations, 0, "every operation had its terminal completion");
      assert.equal(port.counters.openSockets, 0, "every descriptor is closed");
    }
  }
}
