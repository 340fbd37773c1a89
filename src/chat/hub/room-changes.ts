import type { AuditRecord, MemberRole, StoredRoom } from "../store/store.ts";
import { HeldChange, type AnyRequest } from "./held-change.ts";
import type { HubContext } from "./hub-context.ts";
import type { HubSession } from "./hub-session.ts";
import type { RoomRegistry } from "./room-registry.ts";
import { isAtLeast } from "./room-roster.ts";
import { Room } from "./room.ts";

/** The request of a session about a room. */
export interface RoomRequest extends AnyRequest {
  readonly roomId: number;
}

/** What somebody does to a room, while it is his turn: the room stays open and nobody else changes it. */
export class RoomChange extends HeldChange {
  readonly room: Room;

  constructor(context: HubContext, room: Room, session: HubSession, asked: RoomRequest, onEnd: () => void) {
    super(context, session, asked, onEnd);
    this.room = room;
  }

  /** What the user who asked may do here. */
  get role(): MemberRole {
    return this.room.roleOf(this.session.user);
  }

  audit(action: string, subject: string, detail: string): AuditRecord {
    const { name: actor } = this.session.user;
    return { timeMs: this.context.now.wallMs, actor, action, subject, room: this.room.name, detail };
  }
}

/** Gives each change of a room its turn, after it was seen that who asks may do it. */
export class RoomChanges {
  readonly #context: HubContext;
  readonly #rooms: RoomRegistry;

  constructor(context: HubContext, rooms: RoomRegistry) {
    this.#context = context;
    this.#rooms = rooms;
  }

  /**
   * Calls `work` when it is the session's turn to change the room, if its user has the role `least`
   * there. The session must be in the room; an administrator's need not: then the room is loaded.
   */
  begin(
    session: HubSession,
    asked: RoomRequest,
    least: MemberRole,
    work: (change: RoomChange) => void,
  ): void {
    const { requestId, roomId, type } = asked;
    const isIn = session.findRoom(roomId) !== undefined;
    if (!isIn && !session.user.isAdmin) {
      this.#rooms.roomOf(session, roomId, requestId, type);
      return;
    }
    const { changes } = this.#rooms;
    if (changes.waitingCount(roomId) >= this.#context.options.maxWaitingPerRoom) {
      this.#context.refuseBusy(session.key, requestId, type, "too many changes of this room are waiting");
      return;
    }
    if (!this.#context.hold(session, requestId, type)) return;
    changes.run(roomId, (done) => {
      const end = (): void => {
        this.#context.release(session);
        done();
        const open = this.#rooms.find(roomId);
        if (open !== undefined) this.#rooms.dropIfUnused(open);
      };
      this.#find(
        roomId,
        (room) => {
          if (session.isGone) end();
          else this.#work(session, asked, least, room, end, work);
        },
        (busy) => {
          this.#context.refuseFailed(session, requestId, type, busy);
          end();
        },
      );
    });
  }

  /** It is the session's turn. */
  #work(
    session: HubSession,
    asked: RoomRequest,
    least: MemberRole,
    room: Room | undefined,
    end: () => void,
    work: (change: RoomChange) => void,
  ): void {
    const { requestId, roomId, type } = asked;
    if (room === undefined) {
      this.#context.refuse(session.key, requestId, type, "ROOM_NOT_FOUND", "no such room");
      end();
    } else if (session.findRoom(roomId) === undefined && !session.user.isAdmin) {
      this.#rooms.roomOf(session, roomId, requestId, type);
      end();
    } else if (!isAtLeast(room.roleOf(session.user), least)) {
      this.#context.refuse(
        session.key,
        requestId,
        type,
        "PERMISSION_DENIED",
        `only for ${least}s of the room`,
      );
      end();
    } else {
      work(new RoomChange(this.#context, room, session, asked, end));
    }
  }

  /** The room that is open, or (while its turn keeps it open) loaded. */
  #find(roomId: number, onFound: (room: Room | undefined) => void, onFailed: (busy: boolean) => void): void {
    const room = this.#rooms.find(roomId);
    if (room !== undefined) {
      onFound(room);
      return;
    }
    const askedAt = this.#rooms.departures.loading();
    this.#context.ask(
      "findRoomById",
      { id: roomId },
      (stored) => {
        const isOld = this.#rooms.departures.loaded(askedAt, stored?.id);
        const opened = this.#rooms.find(roomId);
        if (opened !== undefined) onFound(opened);
        else if (isOld) this.#find(roomId, onFound, onFailed);
        else if (stored === undefined || !this.#mayOpen(stored)) onFound(undefined);
        else onFound(this.#rooms.addRoom(Room.logged(stored)));
      },
      (busy) => {
        this.#rooms.departures.loaded(askedAt, undefined);
        onFailed(busy);
      },
    );
  }

  /** No conversation, nor a stored room whose name a room in memory has (the lobby can be one). */
  #mayOpen({ kind, name }: StoredRoom): boolean {
    return kind === "logged" && this.#rooms.findByName(name) === undefined;
  }
}
