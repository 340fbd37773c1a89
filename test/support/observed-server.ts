import type { ObservedServer, SessionTotals } from "../../src/admin/observed-server.ts";
import { DurationHistogram } from "../../src/base/duration-histogram.ts";
import type { ChatServerCounters } from "../../src/chat/chat-server.ts";
import { newGateCounters } from "../../src/chat/gate/gate-counters.ts";
import { socketAddress } from "../../src/engine/index.ts";
import { newPortCounters } from "../../src/engine/port-counters.ts";
import { newServiceCounters } from "../../src/engine/session-host.ts";
import type { Session } from "../../src/admin/api/schemas.ts";

type Changeable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** A server that is nothing but its numbers, which a test sets. */
export class FakeObservedServer implements ObservedServer {
  readonly addresses = { packets: socketAddress("127.0.0.1", 9000) };
  readonly backend = "simulated";
  readonly gate = newGateCounters();
  readonly hub: Changeable<ChatServerCounters["hub"]> = {
    users: 0,
    sessions: 0,
    rooms: 0,
    waitingSignIns: 0,
    waitingRequests: 0,
    pendingStoreRequests: 0,
    directConversations: 0,
    publishedCount: 0,
    commandCount: 0,
    pendingAppends: 0,
    storeFailureCount: 0,
  };
  readonly port = newPortCounters();
  readonly service = newServiceCounters();
  /** Of the HTTP service beside it. */
  readonly httpService = newServiceCounters();
  readonly histograms = { commitSeconds: new DurationHistogram(), fanOutSeconds: new DurationHistogram() };
  readonly sessionList: Omit<Session, "backend">[] = [];
  readonly ended: number[] = [];
  readonly measured: number[] = [];
  readonly disconnectList: ReturnType<ObservedServer["inspect"]["disconnects"]>[number][] = [];
  totals: SessionTotals = { tcp: 0, websocket: 0, queuedBytes: 0, slow: 0 };

  readonly inspect: ObservedServer["inspect"] = {
    sessions: ({ search, limit }) => {
      const found = this.sessionList.filter(({ user, address }) => `${user} ${address}`.includes(search));
      return { total: found.length, sessions: found.slice(0, limit) };
    },
    totals: () => this.totals,
    addresses: () => [
      { address: "192.0.2.7", sessions: 2, websockets: 1, users: 1, queuedBytes: this.totals.queuedBytes },
    ],
    rooms: () => ({
      total: 1,
      rooms: [
        {
          id: 1,
          name: "lobby",
          kind: "logged",
          access: "public",
          archived: false,
          members: 3,
          lastOffset: 9,
          messages: 4,
          messagesPerSecond: 0.5,
        },
      ],
    }),
    find: (key) => this.sessionList.find(({ session }) => session === key),
    measureRoundTrips: (keys) => this.measured.push(...keys),
    endSession: (key) => {
      this.ended.push(key);
      return true;
    },
    disconnects: () => this.disconnectList,
  };

  counters(): ChatServerCounters {
    const { gate, hub, port, service } = this;
    const sendBuffers = { usedBytes: 65_536, allocatedBytes: 1_048_576, limitBytes: 268_435_456 };
    return { gate, hub, port, service, sendBuffers, busDropped: 0, connections: this.totals.tcp };
  }
}

export function fakeSession(session: number, user: string): Omit<Session, "backend"> {
  return {
    session,
    user,
    displayName: "",
    isGuest: false,
    isAdmin: false,
    address: "192.0.2.7",
    transport: "tcp",
    state: "open",
    connectedMs: 60_000,
    silentMs: 1000,
    queuedBytes: 0,
    queueAgeMs: 0,
    roundTripMs: -1,
    rooms: 1,
    laggingRooms: 0,
    slow: "",
  };
}
