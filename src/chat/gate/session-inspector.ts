import type { Clock } from "../../base/clock.ts";
import type { SessionKey } from "../names.ts";
import {
  type DisconnectHistory,
  type EndedSession,
  type Transport,
  transportOf,
} from "./disconnect-history.ts";
import type { GateSession } from "./gate-session.ts";
import type { SessionTable } from "./session-table.ts";

/** One connection as it is now, for administrators. Times in milliseconds. */
export interface SessionSnapshot {
  /** Its key in the whole server. */
  readonly session: SessionKey;
  /** "": not logged in yet. */
  readonly user: string;
  readonly displayName: string;
  readonly isGuest: boolean;
  readonly isAdmin: boolean;
  readonly address: string;
  readonly transport: Transport;
  readonly state: string;
  /** How long it has been connected, to a tenth of a second. */
  readonly connectedMs: number;
  /** How long nothing has come from it, to a tenth of a second. */
  readonly silentMs: number;
  readonly queuedBytes: number;
  /** How long its queue has not been empty, as far as that was looked at; 0: it is empty, or was the last time. */
  readonly queueAgeMs: number;
  /** Of the last ping that was answered; −1: none was. */
  readonly roundTripMs: number;
  readonly rooms: number;
  /** Rooms that it is replayed to in, or skips in. */
  readonly laggingRooms: number;
  /** Why it is called slow; "": it is not. */
  readonly slow: string;
}

export interface SessionQuery {
  /** A part of the name, the display name or the address, or the whole key. "": all. */
  readonly search: string;
  readonly slowOnly: boolean;
  /** The longest queue, the longest connected, the names in order, or the longest round trip first. */
  readonly sort: "queue" | "age" | "user" | "roundTrip";
  /** 0 … 1,000. */
  readonly limit: number;
}

export interface SessionTotals {
  readonly tcp: number;
  readonly websocket: number;
  readonly queuedBytes: number;
  readonly slow: number;
}

/** The connections from one address. */
export interface AddressSummary {
  readonly address: string;
  readonly sessions: number;
  readonly websockets: number;
  /** Different users, those not logged in left out. */
  readonly users: number;
  readonly queuedBytes: number;
}

const LIMIT_MOST = 1000;
/** A queue that was not empty for so long is a slow reader's. */
const SLOW_AFTER_MS = 1000;
/** One connection is pinged for the round-trip time at most once in this time. */
const PING_PAUSE_MS = 5000;

/** Since when a queue has not been empty. */
interface Backlog {
  readonly drainedCount: number;
  readonly sinceMs: number;
}

/**
 * Looks at a gate's connections for those who run the server. Nothing is kept for it in a connection but its
 * age and its round-trip time, and nothing is done for it per message: how old a queue is comes from
 * comparing how often it was emptied with the look before, so it is known from the second look on.
 */
export class SessionInspector {
  readonly #sessions: SessionTable;
  readonly #clock: Clock;
  readonly #history: DisconnectHistory;
  /** Those whose queues were not empty at the last look. */
  #backlogs = new Map<SessionKey, Backlog>();
  /** When those were pinged that were lately. */
  readonly #pinged = new Map<SessionKey, number>();

  constructor(sessions: SessionTable, clock: Clock, history: DisconnectHistory) {
    this.#sessions = sessions;
    this.#clock = clock;
    this.#history = history;
  }

  /** O(connections): for a person's question, and every few seconds. */
  sessions({ search, slowOnly, sort, limit }: SessionQuery): {
    readonly total: number;
    readonly sessions: readonly SessionSnapshot[];
  } {
    this.#look();
    const wanted = search.trim().toLowerCase();
    const found: GateSession[] = [];
    for (const session of this.#sessions) {
      if (slowOnly && !this.#isSlow(session)) continue;
      if (wanted === "" || matches(session, wanted)) found.push(session);
    }
    found.sort(orders[sort]);
    const shown = found.slice(0, Math.max(0, Math.min(limit, LIMIT_MOST)));
    return { total: found.length, sessions: shown.map((session) => this.#snapshot(session)) };
  }

  /** One connection; undefined: it has ended. */
  find(key: SessionKey): SessionSnapshot | undefined {
    const session = this.#find(key);
    if (session === undefined) return undefined;
    this.#look();
    return this.#snapshot(session);
  }

  /** Of all connections, added up. O(connections). */
  totals(): SessionTotals {
    this.#look();
    let [tcp, websocket, queuedBytes, slow] = [0, 0, 0, 0];
    for (const session of this.#sessions) {
      if (session.wire === "packets") tcp++;
      else websocket++;
      queuedBytes += session.link.queuedBytes;
      if (this.#isSlow(session)) slow++;
    }
    return { tcp, websocket, queuedBytes, slow };
  }

  /** The addresses with the most connections, at most `limit` (0 … 1,000). O(connections). */
  addresses(limit: number): readonly AddressSummary[] {
    const all = new Map<string, { -readonly [Key in keyof AddressSummary]: AddressSummary[Key] }>();
    const users = new Map<string, Set<number>>();
    for (const { address, wire, link, userId } of this.#sessions) {
      let summary = all.get(address);
      if (summary === undefined) {
        summary = { address, sessions: 0, websockets: 0, users: 0, queuedBytes: 0 };
        all.set(address, summary);
        users.set(address, new Set());
      }
      summary.sessions++;
      if (wire !== "packets") summary.websockets++;
      if (userId !== 0) users.get(address)?.add(userId);
      summary.queuedBytes += link.queuedBytes;
    }
    for (const summary of all.values()) summary.users = users.get(summary.address)?.size ?? 0;
    return [...all.values()]
      .sort((left, right) => right.sessions - left.sessions || compare(left.address, right.address))
      .slice(0, Math.max(0, Math.min(limit, LIMIT_MOST)));
  }

  /** Pings these, each at most once in five seconds; a later look has the answers. */
  measureRoundTrips(keys: readonly SessionKey[]): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, pingedMs] of this.#pinged) {
      if (nowMs - pingedMs < PING_PAUSE_MS) break; // The rest was pinged later.
      this.#pinged.delete(key);
    }
    for (const key of keys) {
      const session = this.#find(key);
      if (session === undefined || this.#pinged.has(key)) continue;
      this.#pinged.set(key, nowMs);
      session.ping();
    }
  }

  /** Tells the client KICKED and ends the connection. False: it had ended. `detail`: why, in words. */
  endSession(key: SessionKey, detail = ""): boolean {
    const session = this.#find(key);
    session?.end("KICKED", 0, detail);
    return session !== undefined;
  }

  /** The newest endings, the newest first, at most 200. */
  disconnects(): readonly EndedSession[] {
    return this.#history.list();
  }

  #find(key: SessionKey): GateSession | undefined {
    const found = this.#sessions.at(key);
    return found?.key === key ? found : undefined;
  }

  /** Notes whose queues are not empty, and whose were not all the time since the last look. */
  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#backlogs;
    const now = new Map<SessionKey, Backlog>();
    for (const { link, key } of this.#sessions) {
      if (link.queuedBytes === 0) continue;
      const { drainedCount } = link;
      const known = before.get(key);
      now.set(key, known?.drainedCount === drainedCount ? known : { drainedCount, sinceMs: nowMs });
    }
    this.#backlogs = now;
  }

  #queueAgeMs(key: SessionKey): number {
    const backlog = this.#backlogs.get(key);
    return backlog === undefined ? 0 : Math.round(this.#clock.monotonicMs() - backlog.sinceMs);
  }

  #isSlow(session: GateSession): boolean {
    return this.#queueAgeMs(session.key) >= SLOW_AFTER_MS || laggingRoomsOf(session).count > 0;
  }

  #snapshot(session: GateSession): SessionSnapshot {
    const { link, key, user, wire } = session;
    const nowMs = this.#clock.monotonicMs();
    const queueAgeMs = this.#queueAgeMs(key);
    const lagging = laggingRoomsOf(session);
    return {
      session: key,
      user: user?.name ?? "",
      displayName: user?.displayName ?? "",
      isGuest: (user?.id ?? 0) < 0,
      isAdmin: user?.isAdmin ?? false,
      address: session.address,
      transport: transportOf(wire),
      state: session.state,
      connectedMs: Math.max(0, Math.round(nowMs - session.connectedAtMs)),
      silentMs: Math.max(0, Math.round(nowMs - link.lastReceivedMs)),
      queuedBytes: link.queuedBytes,
      queueAgeMs,
      roundTripMs: session.roundTripMs,
      rooms: lagging.rooms,
      laggingRooms: lagging.count,
      slow: whySlow(link.queuedBytes, queueAgeMs, lagging),
    };
  }
}

interface LaggingRooms {
  readonly rooms: number;
  readonly behind: number;
  readonly skipping: number;
  readonly count: number;
}

function laggingRoomsOf({ firstMembership }: GateSession): LaggingRooms {
  let [rooms, behind, skipping] = [0, 0, 0];
  for (let each = firstMembership; each !== undefined; each = each.next) {
    rooms++;
    if (each.lag?.state === "behind") behind++;
    else if (each.lag?.state === "skipping") skipping++;
  }
  return { rooms, behind, skipping, count: behind + skipping };
}

function whySlow(queuedBytes: number, queueAgeMs: number, { behind, skipping }: LaggingRooms): string {
  const reasons: string[] = [];
  if (queueAgeMs >= SLOW_AFTER_MS) {
    reasons.push(`has ${bytesInWords(queuedBytes)} waiting and has not caught up for ${seconds(queueAgeMs)}`);
  }
  if (behind > 0) reasons.push(`is replayed to in ${roomsInWords(behind)}`);
  if (skipping > 0) reasons.push(`skips messages in ${roomsInWords(skipping)}`);
  return reasons.join("; ");
}

function bytesInWords(byteCount: number): string {
  if (byteCount < 1000) return byteCount === 1 ? "1 byte" : `${byteCount} bytes`;
  return byteCount < 1_000_000 ? `${Math.round(byteCount / 1000)} kB` : `${(byteCount / 1e6).toFixed(1)} MB`;
}

function seconds(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

function roomsInWords(count: number): string {
  return count === 1 ? "1 room" : `${count} rooms`;
}

/** `wanted`: in small letters. */
function matches(session: GateSession, wanted: string): boolean {
  const { user, address } = session;
  return (
    address.toLowerCase().includes(wanted) ||
    (user !== undefined &&
      (user.name.toLowerCase().includes(wanted) || user.displayName.toLowerCase().includes(wanted))) ||
    String(session.key) === wanted
  );
}

/** Who comes first; the one with the lower key where they are equal. */
const orders: Readonly<Record<SessionQuery["sort"], (left: GateSession, right: GateSession) => number>> = {
  queue: (left, right) => right.link.queuedBytes - left.link.queuedBytes || left.key - right.key,
  age: (left, right) => left.connectedAtMs - right.connectedAtMs || left.key - right.key,
  user: (left, right) =>
    Number(left.userName === undefined) - Number(right.userName === undefined) ||
    compare(left.userName ?? "", right.userName ?? "") ||
    left.key - right.key,
  roundTrip: (left, right) => right.roundTripMs - left.roundTripMs || left.key - right.key,
};

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
