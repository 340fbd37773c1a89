import type * as z from "zod";
import type { Logger } from "../../base/logger.ts";
import type { RoomListing } from "../../chat/hub/event.ts";
import { ADMIN_PAGE_NAME } from "../../chat/names.ts";
import type { AdminConsole } from "../admin-console.ts";
import { type AdminContext, adminOperations } from "../admin-operations.ts";
import type { ObservedServer } from "../observed-server.ts";
import type { Memory, Statistics } from "../statistics.ts";
import { ApiError } from "./api-error.ts";
import type { adminRoutes, AdminRoute, AdminRouteName } from "./route-table.ts";
import type { LogLevel, Overview, Room } from "./schemas.ts";

/** The process around the chat server, as the API sees and changes it. */
export interface ServerControls {
  /** Of Portico. */
  readonly version: string;
  readonly startedMs: number;
  /** Why the server runs on this backend. */
  readonly why: string;
  /** "HOST:PORT" of each. */
  readonly addresses: Overview["addresses"];
  readonly connectionLimit: number;
  readonly readiness: Overview["readiness"];
  logLevel: LogLevel;
  readonly logLinesLost: number;
  memoryUsage(): Memory;
  /** Stops the server as SIGTERM does; returns at once. */
  drain(): void;
}

/** What the handlers work with while the chat server runs. */
export interface AdminApiContext {
  readonly server: ObservedServer;
  readonly statistics: Statistics;
  readonly controls: ServerControls;
  readonly console: AdminConsole;
  /** Its `console` is the admin page's seat, so that the audit log says who it was. */
  readonly operations: AdminContext;
  readonly log: Logger;
}

type Checked<Part> = Part extends z.ZodType ? z.output<Part> : undefined;

/** What a route is given, checked. */
export interface Input<Route extends AdminRoute> {
  readonly query: Checked<Route["query"]>;
  readonly body: Checked<Route["body"]>;
  /** Who asks: for the log. */
  readonly address: string;
}

export type AdminHandlers = {
  readonly [Name in AdminRouteName]: (
    context: AdminApiContext,
    input: Input<(typeof adminRoutes)[Name]>,
  ) => Answer<Name> | Promise<Answer<Name>>;
};

type Answer<Name extends AdminRouteName> = z.input<(typeof adminRoutes)[Name]["answer"]>;

export const adminHandlers: AdminHandlers = {
  overview,

  history: ({ statistics }, { query }) => statistics.history(query.sinceMs),

  disconnects: ({ server }) => {
    const { gate } = server.counters();
    return { totals: { ...gate.disconnects }, recent: [...server.inspect.disconnects()] };
  },

  audit: async ({ operations }, { query: { before, limit } }) => {
    const found = await adminOperations.audit(operations, { before, limit: limit + 1 });
    return { entries: found.slice(0, limit), more: found.length > limit };
  },

  sessions: ({ server }, { query }) => {
    const { total, sessions } = server.inspect.sessions(query);
    return { total, sessions: sessions.map((session) => ({ ...session, backend: server.backend })) };
  },

  measureRoundTrips: ({ server }, { body }) => {
    server.inspect.measureRoundTrips(body.sessions);
    return {};
  },

  kickSession: async ({ server, operations, log }, { body, address }) => {
    const { store, clock } = operations;
    const { session, reason } = body;
    const seen = server.inspect.find(session);
    if (seen === undefined || !server.inspect.endSession(session, reason)) return { ended: false };
    log.info({ from: address, session, user: seen.user }, "an administrator ended a connection");
    // No rule and no state of the hub changes, so it is not asked; that it happened is kept all the same.
    await store.ask("writeAudit", {
      timeMs: clock.wallMs(),
      actor: ADMIN_PAGE_NAME,
      action: "session.kick",
      subject: seen.user,
      room: "",
      detail: reason === "" ? seen.address : `${seen.address}: ${reason}`,
    });
    return { ended: true };
  },

  addresses: ({ server }, { query }) => ({ addresses: [...server.inspect.addresses(query.limit)] }),

  users: async ({ operations }, { query: { after, limit } }) => {
    const found = await adminOperations["user.list"](operations, { after, limit: limit + 1 });
    return { users: found.slice(0, limit), more: found.length > limit };
  },

  user: ({ operations }, { query }) => adminOperations["user.show"](operations, query),

  actOnUser: async ({ operations, log }, { body, address }) => {
    await adminOperations["user.act"](operations, body);
    log.info({ from: address, action: body.action, user: body.name }, "an administrator acted on a user");
    return {};
  },

  banAddress: async ({ operations, log }, { body, address }) => {
    const { cidr } = await adminOperations["address.ban"](operations, body);
    log.info({ from: address, cidr, lift: body.lift }, "an administrator banned an address or lifted a ban");
    return { cidr };
  },

  sanctions: async ({ operations }, { query }) => ({
    sanctions: [...(await adminOperations.sanctions(operations, query))],
  }),

  invite: ({ operations }, { body }) => adminOperations.invite(operations, body),

  rooms: listRooms,

  openRooms: ({ server }, { query }) => {
    const { total, rooms } = server.inspect.rooms(query);
    return { total, rooms: [...rooms] };
  },

  room: ({ operations }, { query }) => adminOperations["room.show"](operations, query),

  changeRoom: async ({ operations, log }, { body, address }) => {
    await adminOperations["room.set"](operations, body);
    log.info({ from: address, room: body.name }, "an administrator changed a room");
    return {};
  },

  deleteRoom: async ({ operations, log }, { body, address }) => {
    if (body.confirm !== body.name) throw new ApiError(400, "INVALID", "confirm must be the room's name");
    await adminOperations["room.delete"](operations, { name: body.name });
    log.info({ from: address, room: body.name }, "an administrator deleted a room");
    return {};
  },

  lockdown: async ({ operations, log }, { body, address }) => {
    await adminOperations.lockdown(operations, body);
    log.info({ from: address, level: body.level }, "an administrator set the lockdown level");
    return {};
  },

  logLevel: ({ controls, log }, { body, address }) => {
    controls.logLevel = body.level;
    log.info({ from: address, level: body.level }, "an administrator set the log level");
    return {};
  },

  drain: async ({ controls, operations, log }, { address }) => {
    const { store, clock } = operations;
    const record = { actor: ADMIN_PAGE_NAME, action: "server.drain", subject: "", room: "", detail: "" };
    await store.ask("writeAudit", { timeMs: clock.wallMs(), ...record });
    log.info({ from: address }, "an administrator stops the server");
    controls.drain();
    return {};
  },
};

/** Page by page of the hub, which gives at most a hundred at once. */
async function listRooms(
  { operations }: AdminApiContext,
  { query }: Input<typeof adminRoutes.rooms>,
): Promise<z.input<typeof adminRoutes.rooms.answer>> {
  const found: RoomListing[] = [];
  let { after } = query;
  for (;;) {
    const page = { scope: "open", prefix: query.prefix, after, limit: query.limit - found.length } as const;
    const answer = await operations.console.ask("listRooms", page);
    if (answer.type !== "rooms") throw new TypeError(`listRooms is answered with ${answer.type}`);
    found.push(...answer.rooms);
    after = answer.rooms.at(-1)?.cursor ?? after;
    if (!answer.more || answer.rooms.length === 0 || found.length >= query.limit) {
      return { rooms: found.map(shownRoom), more: answer.more, after };
    }
  }
}

function shownRoom(room: RoomListing): Room {
  const { id, name, access, topic, archived, memberCount, lastOffset, lastTimeMs } = room;
  // Conversations are listed to nobody but the two.
  const kind = room.kind === "memory" ? "memory" : "logged";
  return { id, name, kind, access, topic, archived, memberCount, lastOffset, lastTimeMs };
}

function overview({ server, statistics, controls, console, operations }: AdminApiContext): Overview {
  const { gate, hub, sendBuffers } = server.counters();
  const { rss, heapUsed, heapTotal, external } = controls.memoryUsage();
  const { tcp, websocket, queuedBytes, slow } = server.inspect.totals();
  const nowMs = operations.clock.wallMs();
  const { version, startedMs, why, addresses, readiness, logLevel, connectionLimit, logLinesLost } = controls;
  return {
    server: {
      version,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      backend: server.backend,
      why,
      pid: process.pid,
      startedMs,
      uptimeMs: Math.max(0, nowMs - startedMs),
      nowMs,
    },
    addresses,
    readiness,
    logLevel,
    lockdown: console.lockdown,
    sessions: { tcp, websocket, limit: connectionLimit, signedIn: gate.signedIn, slow },
    users: hub.users,
    rooms: hub.rooms,
    rates: statistics.rates,
    totals: { ...statistics.totals, logLinesLost },
    memory: {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
      sendBuffers: { ...sendBuffers },
    },
    queueBytes: queuedBytes,
    ...statistics.quantiles,
    pendingAppends: hub.pendingAppends,
  };
}
