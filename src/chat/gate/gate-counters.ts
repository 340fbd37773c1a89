import type { DisconnectCodeName, ErrorCodeName } from "../../protocol/codes.ts";

/** Running totals of a gate, for metrics. Read them; only the gate writes. */
export interface GateCounters {
  /** Sessions that are logged in now. */
  signedIn: number;
  /** Requests that the hub has not answered yet. */
  requestsOutstanding: number;
  /** Rooms with a member here, now. */
  rooms: number;
  packetsReceived: number;
  /** Batches of events, and events in them. */
  eventBatches: number;
  events: number;
  /** Messages that were encoded for a room. */
  messagesFannedOut: number;
  /** Notices that were queued for a member: messages, joins and leaves. */
  deliveries: number;
  /** Memberships that are not live now: they are replayed to, or skip. */
  lagging: number;
  /** Slow readers that began to skip, or to be replayed to; and messages left out, told as so many gaps. */
  skips: number;
  catchUps: number;
  gaps: number;
  /** Messages that were replayed from a log, to slow readers and to clients that came back. */
  replayed: number;
  logins: number;
  registrations: number;
  /** Refusals, by their code. */
  refusals: Partial<Record<ErrorCodeName, number>>;
  /** Sessions that were told why they are ended, by the code. */
  disconnects: Partial<Record<DisconnectCodeName, number>>;
  /** Connections that ended, over TCP and over WebSocket, whoever ended them. */
  ended: number;
  /** Sessions that were cut off because the send buffers ran short. */
  relieved: number;
  /** WebSocket connections, now; they are in no engine service of the gate's. */
  webSockets: number;
}

export function newGateCounters(): GateCounters {
  return {
    signedIn: 0,
    requestsOutstanding: 0,
    rooms: 0,
    packetsReceived: 0,
    eventBatches: 0,
    events: 0,
    messagesFannedOut: 0,
    deliveries: 0,
    lagging: 0,
    skips: 0,
    catchUps: 0,
    gaps: 0,
    replayed: 0,
    logins: 0,
    registrations: 0,
    refusals: {},
    disconnects: {},
    ended: 0,
    relieved: 0,
    webSockets: 0,
  };
}
