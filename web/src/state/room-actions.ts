import type { RoomChange } from "../../../src/client/rooms-api.ts";
import type {
  CreateRoomForm,
  FoundRoom,
  Failure,
  Outcome,
  PlaceKey,
  RoomRoleName,
  RoomSettingsChange,
  SanctionItem,
} from "./contract.ts";
import { DONE } from "./failure.ts";
import type { Place } from "./place.ts";
import type { UserSession } from "./user-session.ts";

/** Rooms that one question finds. */
const FOUND_ROOMS = 50;

/** What a user does with rooms and the people in them. */
export class RoomActions {
  readonly #session: UserSession;

  constructor(session: UserSession) {
    this.#session = session;
  }

  join(name: string, password = ""): Promise<Outcome> {
    const { entrance } = this.#session;
    return this.#session.outcome(async () =>
      this.#enter(entrance.onJoined(await entrance.join(name, password))),
    );
  }

  create(form: CreateRoomForm): Promise<Outcome> {
    const { name, kind, access, password, topic } = form;
    return this.#session.outcome(async () => {
      const info = await this.#session.client.createRoom(name, { kind, access, password, topic });
      this.#enter(this.#session.entrance.onJoined(info));
    });
  }

  leave(key: PlaceKey, giveUp: boolean): Promise<Outcome> {
    const { book, client, entrance } = this.#session;
    const place = book.find(key);
    if (place?.kind !== "room") return Promise.resolve(DONE);
    return this.#session.outcome(async () => {
      // Giving up a membership needs no presence, leaving does.
      if (place.isJoined || giveUp) await client.leaveRoom(place.roomId, { giveUp });
      this.#session.remove(place);
      entrance.keepRooms();
    });
  }

  async find(
    prefix: string,
  ): Promise<{ readonly rooms: readonly FoundRoom[]; readonly failure: Failure | undefined }> {
    try {
      const page = await this.#session.client.listRooms({ scope: "open", prefix, limit: FOUND_ROOMS });
      const rooms = page.rooms.map(({ roomId, name, topic, access, memberCount, role }): FoundRoom => {
        const isMember = role !== "none" || this.#session.book.byRoomId(roomId)?.isJoined === true;
        return { roomId, name, topic, access, memberCount, isMember };
      });
      return { rooms, failure: undefined };
    } catch (error) {
      return { rooms: [], failure: this.#session.toFailure(error) };
    }
  }

  async acceptInvitation(roomId: number): Promise<Outcome> {
    const invitation = this.#session.invitations.find((known) => known.roomId === roomId);
    if (invitation === undefined) return DONE;
    const outcome = await this.join(invitation.room);
    if (outcome.ok) this.dismissInvitation(roomId);
    return outcome;
  }

  dismissInvitation(roomId: number): void {
    this.#session.invitations = this.#session.invitations.filter((known) => known.roomId !== roomId);
    this.#session.stale.sideList();
  }

  loadMembers(): void {
    const members = this.#session.current?.parts.members;
    if (this.#session.current?.kind === "room") void members?.load();
  }

  loadMoreMembers(): void {
    void this.#session.current?.parts.members.loadMore();
  }

  invite(name: string): Promise<Outcome> {
    return this.#inRoom(({ roomId }) => this.#session.client.invite(roomId, name));
  }

  setRole(name: string, role: Exclude<RoomRoleName, "none">): Promise<Outcome> {
    return this.#withPeople(({ roomId }) => this.#session.client.setRole(roomId, name, role));
  }

  moderate(
    name: string,
    action: "kick" | "mute" | "unmute" | "ban" | "unban",
    durationMs = 0,
    reason = "",
  ): Promise<Outcome> {
    return this.#withPeople(({ roomId }) =>
      this.#session.client.moderate(roomId, name, action, { durationMs, reason }),
    );
  }

  async sanctions(): Promise<{
    readonly sanctions: readonly SanctionItem[];
    readonly failure: Failure | undefined;
  }> {
    const place = this.#session.current;
    if (place?.kind !== "room") return { sanctions: [], failure: undefined };
    try {
      const { sanctions } = await this.#session.client.sanctions(place.roomId);
      return { sanctions, failure: undefined };
    } catch (error) {
      return { sanctions: [], failure: this.#session.toFailure(error) };
    }
  }

  update(change: RoomSettingsChange): Promise<Outcome> {
    return this.#inRoom(async (place) => {
      const info = await this.#session.client.updateRoom(place.roomId, change satisfies RoomChange);
      if (place.isJoined) place.onJoined(info);
      this.#session.staleAll();
    });
  }

  delete(): Promise<Outcome> {
    return this.#inRoom(async (place) => {
      await this.#session.client.deleteRoom(place.roomId);
      this.#session.remove(place);
      this.#session.entrance.keepRooms();
    });
  }

  #enter(place: Place): void {
    this.#session.open(place.key);
  }

  #inRoom(request: (place: Place) => Promise<unknown>): Promise<Outcome> {
    const place = this.#session.current;
    if (place?.kind !== "room") return Promise.resolve(DONE);
    return this.#session.outcome(() => request(place));
  }

  /** The list of people shows what was done. */
  async #withPeople(request: (place: Place) => Promise<unknown>): Promise<Outcome> {
    const outcome = await this.#inRoom(request);
    if (outcome.ok) this.loadMembers();
    return outcome;
  }
}
