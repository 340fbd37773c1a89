import type {
  AddressBan,
  AddressBanRequest,
  Addresses,
  Audit,
  Disconnects,
  History,
  Invitation,
  InvitationRequest,
  KickedSession,
  LockdownLevel,
  LogLevel,
  OpenRooms,
  Overview,
  RoomChange,
  RoomDetails,
  Rooms,
  Sanctions,
  Sessions,
  SessionSort,
  User,
  UserActionRequest,
  Users,
} from "./admin-types.ts";
import type { AdminClient } from "./admin-client.ts";

/** What the page asks: each method is a route of src/admin/api/route-table.ts (admin-api.test.ts compares). */
export class AdminApi {
  readonly #client: AdminClient;

  constructor(client: AdminClient) {
    this.#client = client;
  }

  overview(signal?: AbortSignal): Promise<Overview> {
    return this.#client.get("/overview", {}, signal);
  }

  /** Samples after `sinceMs`; 0: the whole hour. */
  history(sinceMs: number, signal?: AbortSignal): Promise<History> {
    return this.#client.get("/history", { sinceMs }, signal);
  }

  disconnects(signal?: AbortSignal): Promise<Disconnects> {
    return this.#client.get("/disconnects", {}, signal);
  }

  /** `before`: an entry's id; 0: the newest. */
  audit(page: { before: number; limit: number }, signal?: AbortSignal): Promise<Audit> {
    return this.#client.get("/audit", page, signal);
  }

  sessions(
    query: { search: string; slowOnly: boolean; sort: SessionSort; limit: number },
    signal?: AbortSignal,
  ): Promise<Sessions> {
    return this.#client.get("/sessions", query, signal);
  }

  /** The addresses with the most connections. */
  addresses(limit: number, signal?: AbortSignal): Promise<Addresses> {
    return this.#client.get("/addresses", { limit }, signal);
  }

  /** At most 1000 sessions. */
  measureRoundTrips(sessions: readonly number[]): Promise<object> {
    return this.#client.send("/sessions/measure", { sessions });
  }

  kickSession(session: number, reason: string): Promise<KickedSession> {
    return this.#client.send("/sessions/kick", { session, reason });
  }

  users(page: { after: string; limit: number }, signal?: AbortSignal): Promise<Users> {
    return this.#client.get("/users", page, signal);
  }

  user(name: string, signal?: AbortSignal): Promise<User> {
    return this.#client.get("/user", { name }, signal);
  }

  actOnUser(request: UserActionRequest): Promise<object> {
    return this.#client.send("/users/act", request);
  }

  banAddress(request: AddressBanRequest): Promise<AddressBan> {
    return this.#client.send("/addresses/ban", request);
  }

  /** `room` "": in the whole server. */
  sanctions(room: string, signal?: AbortSignal): Promise<Sanctions> {
    return this.#client.get("/sanctions", { room }, signal);
  }

  invite(request: InvitationRequest): Promise<Invitation> {
    return this.#client.send("/invitations", request);
  }

  rooms(query: { prefix: string; after: string; limit: number }, signal?: AbortSignal): Promise<Rooms> {
    return this.#client.get("/rooms", query, signal);
  }

  /** Rooms that somebody is in, private ones too. */
  openRooms(
    query: { search: string; sort: "members" | "messages"; limit: number },
    signal?: AbortSignal,
  ): Promise<OpenRooms> {
    return this.#client.get("/rooms/open", query, signal);
  }

  room(name: string, signal?: AbortSignal): Promise<RoomDetails> {
    return this.#client.get("/room", { name }, signal);
  }

  /** What `change` leaves out stays. */
  changeRoom(name: string, change: RoomChange): Promise<object> {
    return this.#client.send("/rooms/change", { name, change });
  }

  /** `confirm` must be the name once more. */
  deleteRoom(name: string, confirm: string): Promise<object> {
    return this.#client.send("/rooms/delete", { name, confirm });
  }

  lockdown(level: LockdownLevel): Promise<object> {
    return this.#client.send("/lockdown", { level });
  }

  logLevel(level: LogLevel): Promise<object> {
    return this.#client.send("/log-level", { level });
  }

  /** `confirm` must be "drain". */
  drain(confirm: string): Promise<object> {
    return this.#client.send("/drain", { confirm });
  }
}
