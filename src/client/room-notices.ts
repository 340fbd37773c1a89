import { PacketType } from "../protocol/codes.ts";
import {
  type RoomClosedNotice,
  RoomClosedNotice_Cause,
  RoomRole,
  type RoomUpdatedNotice,
} from "../protocol/generated/portico/v1/portico_pb.js";
import type { Conversations } from "./conversations.ts";
import type { EventHub } from "./event-hub.ts";
import { entryOf } from "./log-entry.ts";
import type { RoomDirectory } from "./room-directory.ts";
import { roomInfo } from "./room-info.ts";
import type { RoomStream } from "./room-stream.ts";
import type { Notice } from "./server-link.ts";

/** Takes what the server says by itself to whom it concerns: rooms, conversations, listeners. */
export class RoomNotices {
  readonly #rooms: RoomDirectory;
  readonly #conversations: Conversations;
  readonly #events: EventHub;

  constructor(rooms: RoomDirectory, conversations: Conversations, events: EventHub) {
    this.#rooms = rooms;
    this.#conversations = conversations;
    this.#events = events;
  }

  onNotice({ type, body }: Notice): void {
    switch (type) {
      case PacketType.WHISPER_NOTICE:
        this.#conversations.onNotice(body);
        break;
      case PacketType.INVITED_NOTICE:
        this.#events.emit({ type: "invited", roomId: body.roomId, room: body.room, by: body.by });
        break;
      case PacketType.MUTED_NOTICE: {
        const { roomId, room, lifted, untilMs, reason, by } = body;
        const isMuted = !lifted;
        this.#events.emit({ type: "muted", roomId, room, isMuted, untilMs: Number(untilMs), reason, by });
        break;
      }
      case PacketType.TYPING_NOTICE: {
        const place = this.#placeOf(body.roomId);
        if (place !== undefined && body.name !== this.#rooms.userName)
          this.#events.emit({ type: "typing", ...place, name: body.name });
        break;
      }
      case PacketType.READ_NOTICE: {
        const place = this.#placeOf(body.roomId) ?? { roomId: body.roomId, room: "", direct: false };
        this.#events.emit({ type: "read", ...place, offset: Number(body.offset) });
        break;
      }
      case PacketType.ROOM_UPDATED_NOTICE:
        this.#onUpdated(body);
        break;
      case PacketType.MESSAGE_NOTICE:
        this.#rooms.findJoined(body.roomId)?.onNotice(entryOf(body));
        break;
      case PacketType.ROOM_GAP_NOTICE:
        this.#rooms.findJoined(body.roomId)?.onGap(Number(body.fromOffset), Number(body.toOffset));
        break;
      case PacketType.ROOM_CLOSED_NOTICE:
        this.#onClosed(body);
        break;
      case PacketType.USER_JOINED_NOTICE:
        this.#onCameOrWent("userJoined", body.roomId, body.names);
        break;
      case PacketType.USER_LEFT_NOTICE:
        this.#onCameOrWent("userLeft", body.roomId, body.names);
        break;
      case PacketType.MEMBER_COUNT_NOTICE: {
        const { roomId, memberCount } = body;
        const stream = this.#rooms.findJoined(roomId);
        stream?.update({ memberCount });
        if (stream !== undefined)
          this.#events.emit({ type: "memberCount", roomId, room: stream.info.name, memberCount });
        break;
      }
    }
  }

  /** A room that the client is in, or a conversation. Others were left before the server knew. */
  #placeOf(roomId: number): { roomId: number; room: string; direct: boolean } | undefined {
    const stream = this.#rooms.findJoined(roomId);
    if (stream !== undefined) return { roomId, room: stream.info.name, direct: false };
    const peer = this.#conversations.peerOf(roomId);
    return peer === undefined ? undefined : { roomId, room: peer, direct: true };
  }

  #onUpdated({ room: state }: RoomUpdatedNotice): void {
    const stream = state === undefined ? undefined : this.#rooms.findJoined(state.roomId);
    if (stream === undefined) return;
    const hasNewRole = state?.role !== RoomRole.UNSPECIFIED;
    const changed = roomInfo(state, stream.info.name);
    updateRoom(stream, hasNewRole ? changed : { ...changed, role: stream.info.role });
    const { roomId, info } = stream;
    this.#events.emit({ type: "roomUpdated", roomId, room: info.name, info, hasNewRole });
  }

  #onClosed({ roomId, cause, detail }: RoomClosedNotice): void {
    const stream = this.#rooms.findJoined(roomId);
    if (stream === undefined) return;
    this.#rooms.remove(roomId);
    const room = stream.info.name;
    this.#events.emit({ type: "roomClosed", roomId, room, cause: causes[cause] ?? "kicked", detail });
  }

  #onCameOrWent(type: "userJoined" | "userLeft", roomId: number, names: readonly string[]): void {
    const stream = this.#rooms.findJoined(roomId);
    if (stream === undefined) return; // sent before the server knew that we had left
    for (const name of names) {
      if (name === this.#rooms.userName) continue;
      const { memberCount, name: room } = stream.info;
      stream.update({ memberCount: Math.max(memberCount + (type === "userJoined" ? 1 : -1), 1) });
      this.#events.emit({ type, roomId, room, name });
    }
  }
}

const causes: Readonly<Partial<Record<number, "deleted" | "kicked" | "banned" | "left">>> = {
  [RoomClosedNotice_Cause.DELETED]: "deleted",
  [RoomClosedNotice_Cause.KICKED]: "kicked",
  [RoomClosedNotice_Cause.BANNED]: "banned",
  [RoomClosedNotice_Cause.LEFT]: "left",
};

/** A room's settings as the server says they are now. */
export function updateRoom(stream: RoomStream, info: ReturnType<typeof roomInfo>): void {
  const { roomId: _roomId, epoch: _epoch, lastOffset: _lastOffset, ...settings } = info;
  stream.update(settings);
}
