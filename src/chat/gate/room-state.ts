import {
  MessageKind as WireKind,
  RoomAccess as WireAccess,
  RoomKind,
  RoomRole,
  SlowReader,
} from "../../protocol/generated/portico/v1/portico_pb.js";
import type { RoomState } from "../../protocol/generated/portico/v1/portico_pb.js";
import type { PlainMessage } from "../../protocol/packets.ts";
import type { RoomInfo } from "../hub/event.ts";
import type { MemberRole, MessageKind, RoomAccess, SlowReaderPolicy } from "../store/store.ts";

/** The schema's numbers for what the hub names. */
export const roomKinds: Readonly<Record<RoomInfo["kind"], RoomKind>> = {
  logged: RoomKind.LOGGED,
  memory: RoomKind.MEMORY,
  direct: RoomKind.DIRECT,
};

export const roomAccesses: Readonly<Record<RoomAccess, WireAccess>> = {
  public: WireAccess.PUBLIC,
  private: WireAccess.PRIVATE,
  password: WireAccess.PASSWORD,
};

export const roomRoles: Readonly<Record<MemberRole, RoomRole>> = {
  none: RoomRole.UNSPECIFIED,
  member: RoomRole.MEMBER,
  moderator: RoomRole.MODERATOR,
  owner: RoomRole.OWNER,
};

export const slowReaders: Readonly<Record<SlowReaderPolicy, SlowReader>> = {
  disconnect: SlowReader.DISCONNECT,
  skipToLatest: SlowReader.SKIP_TO_LATEST,
  catchUp: SlowReader.CATCH_UP,
};

export const messageKinds: Readonly<Record<MessageKind, WireKind>> = {
  text: WireKind.TEXT,
  edit: WireKind.EDIT,
  delete: WireKind.DELETE,
  reaction: WireKind.REACTION,
  reactionRemoved: WireKind.REACTION_REMOVED,
};

/** A room as its packets show it. */
export function roomState(room: RoomInfo): PlainMessage<RoomState> {
  return {
    roomId: room.id,
    name: room.name,
    kind: roomKinds[room.kind],
    epoch: room.epoch,
    firstOffset: room.firstOffset,
    lastOffset: room.lastOffset,
    memberCount: room.memberCount,
    access: roomAccesses[room.access],
    topic: room.topic,
    archived: room.archived,
    slowModeMs: room.slowModeMs,
    slowReader: slowReaders[room.slowReader],
    retentionAgeMs: room.retentionAgeMs,
    retentionCount: room.retentionCount,
    role: roomRoles[room.role],
  };
}
