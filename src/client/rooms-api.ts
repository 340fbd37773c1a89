import { PacketType } from "../protocol/codes.ts";
import {
  ModerateRequest_Action,
  RoomKind,
  RoomListRequest_Scope,
} from "../protocol/generated/portico/v1/portico_pb.js";
import { AdminApi } from "./admin-api.ts";
import type { PageOptions } from "./chat-client-options.ts";
import type { RequestOptions } from "./promise-with-signal.ts";
import type { RoomDirectory } from "./room-directory.ts";
import {
  type RoomAccessName,
  roomAccesses,
  type RoomInfo,
  roomInfo,
  type RoomListing,
  roomListing,
  roleName,
  type RoomRoleName,
  roomRoles,
  type SlowReaderName,
  slowReaders,
} from "./room-info.ts";
import { updateRoom } from "./room-notices.ts";
import { type SanctionPage, sanctionPage } from "./sanction.ts";

export interface JoinOptions extends RequestOptions {
  /** Make the room, of this kind, if there is none of this name. Default: only join. */
  readonly create?: "logged" | "memory";
  /** Of a room with access "password"; members need none. */
  readonly password?: string;
}

export interface LeaveOptions extends RequestOptions {
  /** Be a member no more: leave with all sessions; a private room needs another invitation. Default false. */
  readonly giveUp?: boolean;
}

export interface CreateRoomOptions extends RequestOptions {
  /** Default "logged". A room in memory lives for as long as somebody is in it. */
  readonly kind?: "logged" | "memory";
  /** Default "public". */
  readonly access?: RoomAccessName;
  /** Of access "password". */
  readonly password?: string;
  readonly topic?: string;
  /** Default: the server's. */
  readonly slowReader?: SlowReaderName;
}

/** What is to change of a room; what is left out stays. */
export interface RoomChange {
  readonly name?: string;
  readonly topic?: string;
  readonly access?: RoomAccessName;
  readonly password?: string;
  readonly isArchived?: boolean;
  readonly slowModeMs?: number;
  readonly slowReader?: SlowReaderName;
  readonly retentionAgeMs?: number;
  readonly retentionCount?: number;
}

export interface ListRoomsOptions extends RequestOptions {
  /**
   * "open": rooms that anybody may find. "mine": rooms that the user is a member of. "direct": the user's
   * direct conversations, the latest first. Default "open".
   */
  readonly scope?: "open" | "mine" | "direct";
  /** The last entry's `cursor`. Default: from the first. */
  readonly after?: string;
  /** 1 … 100, default 50. */
  readonly limit?: number;
  /** Only names that begin so; with "open". */
  readonly prefix?: string;
}

export interface RoomMember {
  readonly name: string;
  readonly displayName: string;
  readonly role: RoomRoleName;
  /** Is in the room now. */
  readonly isPresent: boolean;
  /** Milliseconds since 1970-01-01 UTC; 0: not muted. */
  readonly mutedUntilMs: number;
}

export interface ModerateOptions extends RequestOptions {
  /** Of "mute" and "ban". Default: until it is taken back. */
  readonly durationMs?: number;
  readonly reason?: string;
}

/** "kick": out of the room, may come back. */
export type ModerateAction = keyof typeof actions;

/** Rooms and who is in them: a part of ChatClient. */
export abstract class RoomsApi extends AdminApi {
  protected abstract readonly directory: RoomDirectory;

  /**
   * Joins a room, and again after each reconnect until `leaveRoom`. With `create` it is made, public and
   * of that kind, if there is none of this name; else ROOM_NOT_FOUND. ROOM_PASSWORD_WRONG, BANNED.
   */
  joinRoom(name: string, options: JoinOptions = {}): Promise<RoomInfo> {
    const create = options.create === undefined ? RoomKind.UNSPECIFIED : kinds[options.create];
    const { password = "" } = options;
    return this.ask(PacketType.JOIN_ROOM_REQUEST, { name, create, password }, options, ({ room }) =>
      this.directory.add(roomInfo(room, name), password),
    );
  }

  leaveRoom(roomId: number, options: LeaveOptions = {}): Promise<void> {
    const fields = { roomId, giveUp: options.giveUp ?? false };
    return this.ask(PacketType.LEAVE_ROOM_REQUEST, fields, options, () => this.directory.remove(roomId));
  }

  /** Makes a room, whose owner the user is, and joins it. ROOM_EXISTS, NAME_INVALID. */
  createRoom(name: string, options: CreateRoomOptions = {}): Promise<RoomInfo> {
    const { kind = "logged", access = "public", password = "", topic = "", slowReader } = options;
    const fields = {
      name,
      kind: kinds[kind],
      access: roomAccesses[access],
      password,
      topic,
      ...(slowReader === undefined ? {} : { slowReader: slowReaders[slowReader] }),
    };
    return this.ask(PacketType.CREATE_ROOM_REQUEST, fields, options, ({ room }) =>
      this.directory.add(roomInfo(room, name), password),
    );
  }

  /** Moderators may set the topic and slow mode, owners everything. Resolves with the room as it is then. */
  updateRoom(roomId: number, change: RoomChange, options: RequestOptions = {}): Promise<RoomInfo> {
    const { access, slowReader, isArchived, ...others } = change;
    const fields = {
      roomId,
      ...others,
      ...(access === undefined ? {} : { access: roomAccesses[access] }),
      ...(slowReader === undefined ? {} : { slowReader: slowReaders[slowReader] }),
      ...(isArchived === undefined ? {} : { archived: isArchived }),
    };
    return this.ask(PacketType.UPDATE_ROOM_REQUEST, fields, options, ({ room }) => {
      const stream = this.directory.findJoined(roomId);
      const info = roomInfo(room, stream?.info.name ?? change.name ?? "");
      if (stream === undefined) return info;
      updateRoom(stream, info);
      return stream.info;
    });
  }

  /** Removes the room and everything in it, for ever. Owners only. */
  deleteRoom(roomId: number, options: RequestOptions = {}): Promise<void> {
    return this.ask(PacketType.DELETE_ROOM_REQUEST, { roomId }, options, () => this.directory.remove(roomId));
  }

  /** A page of rooms; `more`: there are others after the last one's `cursor`. */
  listRooms(
    options: ListRoomsOptions = {},
  ): Promise<{ readonly rooms: readonly RoomListing[]; readonly more: boolean }> {
    const { scope = "open", after = "", limit = 0, prefix = "" } = options;
    const fields = { scope: scopes[scope], after, limit, prefix };
    return this.ask(PacketType.ROOM_LIST_REQUEST, fields, options, ({ rooms, more }) => ({
      rooms: rooms.map(roomListing),
      more,
    }));
  }

  /** Members of a room, present or not, in the server's order; `more`: there are others after these. */
  members(
    roomId: number,
    options: PageOptions = {},
  ): Promise<{ readonly members: readonly RoomMember[]; readonly total: number; readonly more: boolean }> {
    const fields = { roomId, after: options.after ?? "", limit: options.limit ?? 0 };
    return this.ask(PacketType.MEMBER_LIST_REQUEST, fields, options, ({ members, total, more }) => ({
      members: members.map(({ name, displayName, role, present, mutedUntilMs }): RoomMember => {
        const roleHere = roleName(role, "member");
        return { name, displayName, role: roleHere, isPresent: present, mutedUntilMs: Number(mutedUntilMs) };
      }),
      total,
      more,
    }));
  }

  /** Users in a room now, in the server's order; `more`: there are others after these. */
  listUsers(
    roomId: number,
    options: PageOptions = {},
  ): Promise<{ readonly names: readonly string[]; readonly total: number; readonly more: boolean }> {
    const fields = { roomId, after: options.after ?? "", limit: options.limit ?? 0 };
    return this.ask(PacketType.USER_LIST_REQUEST, fields, options, ({ names, total, more }) => ({
      names,
      total,
      more,
    }));
  }

  /** Lets somebody in. By a moderator, or by any member of a public room. */
  invite(roomId: number, name: string, options: RequestOptions = {}): Promise<void> {
    return this.ask(PacketType.INVITE_REQUEST, { roomId, name }, options, nothing);
  }

  /** By an owner, who may step down when there is another. */
  setRole(
    roomId: number,
    name: string,
    role: Exclude<RoomRoleName, "none">,
    options: RequestOptions = {},
  ): Promise<void> {
    return this.ask(PacketType.SET_ROLE_REQUEST, { roomId, name, role: roomRoles[role] }, options, nothing);
  }

  /** By a moderator, of somebody with a lower role. */
  moderate(
    roomId: number,
    name: string,
    action: ModerateAction,
    options: ModerateOptions = {},
  ): Promise<void> {
    const { durationMs = 0, reason = "" } = options;
    const fields = { roomId, name, action: actions[action], durationMs, reason };
    return this.ask(PacketType.MODERATE_REQUEST, fields, options, nothing);
  }

  /** Who is muted in the room or banned from it; for its moderators. */
  sanctions(roomId: number, options: RequestOptions = {}): Promise<SanctionPage> {
    return this.ask(PacketType.SANCTION_LIST_REQUEST, { roomId }, options, sanctionPage);
  }
}

const kinds = { logged: RoomKind.LOGGED, memory: RoomKind.MEMORY } as const;

const scopes = {
  open: RoomListRequest_Scope.OPEN,
  mine: RoomListRequest_Scope.MINE,
  direct: RoomListRequest_Scope.DIRECT,
} as const;

const actions = {
  kick: ModerateRequest_Action.KICK,
  mute: ModerateRequest_Action.MUTE,
  unmute: ModerateRequest_Action.UNMUTE,
  ban: ModerateRequest_Action.BAN,
  unban: ModerateRequest_Action.UNBAN,
} as const;

/** Of a response that says no more than that it was done. */
function nothing(): void {}
