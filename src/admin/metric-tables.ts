import type { Service, TlsErrorCode } from "../engine/index.ts";
import { DisconnectCode, ErrorCode } from "../protocol/codes.ts";
import type { ObservedServer } from "./observed-server.ts";

/** What an HttpService (src/http/) counts. */
export interface HttpFigures {
  /** Those that are no WebSockets. */
  readonly connectionCount: number;
  readonly limits: { readonly connections: number };
  readonly counters: { readonly badRequests: number; readonly upgrades: number };
  /** Its connections, WebSockets included. */
  readonly service: { readonly counters: ServiceCounters };
}

/** What a Service (src/engine/) counts. */
type ServiceCounters = Pick<
  Service["counters"],
  "refused" | "sendQueueOverflows" | "tlsErrors" | "tlsHandshakes" | "tlsHandshakesUnderWay"
>;

/** One number of a metric, with its labels. */
export type Reading = readonly [value: number, labels?: Readonly<Record<string, string>>];
export type Read = (server: ObservedServer, http: HttpFigures | undefined) => readonly Reading[];

/** The same figures of the service for packets and of that for HTTP. */
function byListener(read: (counters: ServiceCounters) => readonly Reading[]): Read {
  return (server, http) => [
    ...labelled(read(server.counters().service), "packets"),
    ...(http === undefined ? [] : labelled(read(http.service.counters), "http")),
  ];
}

function labelled(readings: readonly Reading[], listener: string): readonly Reading[] {
  return readings.map(([value, labels = {}]) => [value, { listener, ...labels }]);
}

/** Of HTTP. */
export const httpFigures: readonly (readonly [
  name: string,
  help: string,
  type: "gauge" | "counter",
  read: (http: HttpFigures) => number,
])[] = [
  [
    "portico_http_connections",
    "HTTP connections that are open, WebSockets left out.",
    "gauge",
    ({ connectionCount }) => connectionCount,
  ],
  ["portico_http_connection_limit", "The most there may be.", "gauge", ({ limits }) => limits.connections],
  [
    "portico_http_bad_requests_total",
    "HTTP requests refused before they were understood: malformed, too large, too slow.",
    "counter",
    ({ counters }) => counters.badRequests,
  ],
  [
    "portico_websocket_upgrades_total",
    "HTTP connections that were handed over to become WebSockets.",
    "counter",
    ({ counters }) => counters.upgrades,
  ],
];

/** Why a server's handshake fails; the others are a client's. */
const tlsReasons: readonly TlsErrorCode[] = [
  "NOT_TLS",
  "TIMEOUT",
  "LIMIT",
  "CLOSED",
  "VERSION",
  "CIPHER",
  "ALPN",
  "CLIENT_CERTIFICATE",
  "REFUSED",
  "PROTOCOL",
];

/** What goes up and down. */
export const gauges: readonly (readonly [name: string, help: string, read: Read])[] = [
  [
    "portico_sessions",
    "Connections of clients that are open, by transport.",
    ({ inspect }) => {
      const { tcp, websocket } = inspect.totals();
      return [
        [tcp, { transport: "tcp" }],
        [websocket, { transport: "websocket" }],
      ];
    },
  ],
  ["portico_signed_in", "Sessions that are logged in.", (server) => [[server.counters().gate.signedIn]]],
  ["portico_users", "Distinct users who are signed in.", (server) => [[server.counters().hub.users]]],
  ["portico_rooms", "Rooms that are open.", (server) => [[server.counters().hub.rooms]]],
  [
    "portico_send_queue_bytes",
    "Bytes that wait to be sent, all sessions together.",
    ({ inspect }) => [[inspect.totals().queuedBytes]],
  ],
  [
    "portico_slow_sessions",
    "Sessions that take what is sent too slowly.",
    (server) => [[server.inspect.totals().slow]],
  ],
  [
    "portico_lagging_memberships",
    "Memberships that are not live: replayed to, or skipping.",
    (server) => [[server.counters().gate.lagging]],
  ],
  [
    "portico_send_buffer_bytes",
    "Memory for bytes that wait to be sent: used, taken from the system, and the most there may be.",
    (server) => {
      const { usedBytes, allocatedBytes, limitBytes } = server.counters().sendBuffers;
      return [
        [usedBytes, { state: "used" }],
        [allocatedBytes, { state: "allocated" }],
        [limitBytes, { state: "limit" }],
      ];
    },
  ],
  [
    "portico_waiting_requests",
    "What waits for an answer: requests of the hub, of the store, and messages to be committed.",
    (server) => {
      const { gate, hub } = server.counters();
      return [
        [gate.requestsOutstanding, { queue: "hub" }],
        [hub.pendingStoreRequests, { queue: "store" }],
        [hub.pendingAppends, { queue: "append" }],
        [hub.waitingSignIns, { queue: "sign_in" }],
      ];
    },
  ],
  [
    "portico_port_operations",
    "Operations of the completion port that are under way.",
    (server) => [[server.counters().port.outstandingOperations]],
  ],
  [
    "portico_tls_handshakes_under_way",
    "TLS handshakes that have begun and not ended, by the listener.",
    byListener(({ tlsHandshakesUnderWay }) => [[tlsHandshakesUnderWay]]),
  ],
  ["portico_port_sockets", "Sockets that are open.", (server) => [[server.counters().port.openSockets]]],
];

/** What only grows. */
export const totals: readonly (readonly [name: string, help: string, read: Read])[] = [
  [
    "portico_messages_published_total",
    "Messages that were acknowledged, in rooms and conversations.",
    (server) => [[server.counters().hub.publishedCount]],
  ],
  [
    "portico_deliveries_total",
    "Notices queued for members: messages, joins and leaves.",
    (server) => [[server.counters().gate.deliveries]],
  ],
  [
    "portico_packets_received_total",
    "Packets from clients.",
    (server) => [[server.counters().gate.packetsReceived]],
  ],
  [
    "portico_received_bytes_total",
    "Bytes from the network.",
    (server) => [[server.counters().port.receivedBytes]],
  ],
  ["portico_sent_bytes_total", "Bytes to the network.", (server) => [[server.counters().port.sentBytes]]],
  ["portico_logins_total", "Logins that succeeded.", (server) => [[server.counters().gate.logins]]],
  [
    "portico_registrations_total",
    "Accounts that were made.",
    (server) => [[server.counters().gate.registrations]],
  ],
  [
    "portico_sessions_closed_total",
    "Connections of clients that ended, whoever ended them.",
    (server) => [[server.counters().gate.ended]],
  ],
  [
    "portico_disconnects_total",
    "Sessions that the server ended, by the code they were told.",
    (server) => byCode(DisconnectCode, server.counters().gate.disconnects),
  ],
  [
    "portico_refusals_total",
    "Requests that were refused, by the error code they were answered with.",
    (server) => byCode(ErrorCode, server.counters().gate.refusals),
  ],
  [
    "portico_connections_refused_total",
    "Connections that were not taken, by the listener and the limit.",
    byListener(({ refused }) =>
      Object.entries(refused).map(([reason, count]) => [count, { reason: reason.toLowerCase() }]),
    ),
  ],
  [
    "portico_tls_handshakes_total",
    "TLS handshakes that ended well, by the listener.",
    byListener(({ tlsHandshakes }) => [[tlsHandshakes]]),
  ],
  [
    "portico_tls_errors_total",
    "TLS handshakes that came to nothing, by the listener and the reason.",
    byListener(({ tlsErrors }) =>
      tlsReasons.map((reason) => [tlsErrors[reason] ?? 0, { reason: reason.toLowerCase() }]),
    ),
  ],
  [
    "portico_send_queue_overflows_total",
    "Times that a send queue reached its limit, by the listener; WebSockets are HTTP's.",
    byListener(({ sendQueueOverflows }) => [[sendQueueOverflows]]),
  ],
  [
    "portico_slow_readers_total",
    "Members that could not take a room's messages, by what was done.",
    (server) => {
      const { skips, catchUps, relieved } = server.counters().gate;
      return [
        [skips, { answer: "skip" }],
        [catchUps, { answer: "catch_up" }],
        [relieved, { answer: "cut_off" }],
      ];
    },
  ],
  [
    "portico_replayed_messages_total",
    "Messages replayed from a log.",
    (server) => [[server.counters().gate.replayed]],
  ],
  ["portico_port_turns_total", "Turns of the completion port.", (server) => [[server.counters().port.turns]]],
  [
    "portico_port_completions_total",
    "Completions that the port handed out.",
    (server) => [[server.counters().port.completions]],
  ],
  [
    "portico_receive_buffer_shortages_total",
    "Receives that had to wait for a buffer.",
    (server) => [[server.counters().port.receiveBufferShortages]],
  ],
  [
    "portico_bus_dropped_total",
    "Commands and events that had nobody to go to.",
    (server) => [[server.counters().busDropped]],
  ],
  [
    "portico_store_failures_total",
    "Requests of the store that failed.",
    (server) => [[server.counters().hub.storeFailureCount]],
  ],
];

/** A number for each code, also those that never happened: a series that appears with its first 1 shows no rise. */
function byCode(codes: object, counts: Readonly<Record<string, number | undefined>>): readonly Reading[] {
  return Object.keys(codes)
    .filter((name) => Number.isNaN(Number(name)) && name !== "OK" && name !== "NONE")
    .map((code) => [counts[code] ?? 0, { code }]);
}
