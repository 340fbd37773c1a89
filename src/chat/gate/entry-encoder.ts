import { PacketType } from "../../protocol/codes.ts";
import { RoomClosedNotice_Cause } from "../../protocol/generated/portico/v1/portico_pb.js";
import {
  type PacketEncoder,
  type PacketRange,
  packetSize,
  PacketTooLargeError,
  type PublishResponseType,
} from "../../protocol/packet-encoder.ts";
import type { HistoryMessage } from "../hub/event.ts";
import type { RoomId } from "../names.ts";
import type { MessageKind } from "../store/store.ts";
import { historyNotice } from "./replies/message-notice.ts";
import { shortened } from "./replies/page.ts";
import { messageKinds, roomState } from "./room-state.ts";
import type { RunEntry } from "./run-entries.ts";

/** The response to the request that made an entry of a kind. */
export const publishResponses: Readonly<Record<MessageKind, PublishResponseType>> = {
  text: PacketType.PUBLISH_RESPONSE,
  edit: PacketType.EDIT_MESSAGE_RESPONSE,
  delete: PacketType.DELETE_MESSAGE_RESPONSE,
  reaction: PacketType.REACT_RESPONSE,
  reactionRemoved: PacketType.REACT_RESPONSE,
};

/** Encodes one entry of a run. */
export function encodeEntry(encoder: PacketEncoder, entry: RunEntry): PacketRange {
  const { roomId } = entry;
  switch (entry.type) {
    case "message":
      return encoder.encodeMessageNotice(
        roomId,
        entry.offset,
        entry.timeMs,
        entry.sender,
        entry.text,
        messageKinds[entry.kind],
        entry.target,
        entry.replyTo,
      );
    case "usersJoined":
      return encoder.encode(PacketType.USER_JOINED_NOTICE, { roomId, names: entry.names });
    case "usersLeft":
      return encoder.encode(PacketType.USER_LEFT_NOTICE, { roomId, names: entry.names });
    case "memberCount":
      return encoder.encode(PacketType.MEMBER_COUNT_NOTICE, { roomId, memberCount: entry.memberCount });
    case "typing":
      return encoder.encode(PacketType.TYPING_NOTICE, { roomId, name: entry.name });
    case "roomUpdated":
      return encoder.encode(PacketType.ROOM_UPDATED_NOTICE, { room: roomState(entry.room) });
    case "roomDeleted":
      return encoder.encode(PacketType.ROOM_CLOSED_NOTICE, {
        roomId,
        cause: RoomClosedNotice_Cause.DELETED,
      });
  }
}

/**
 * Encodes an entry of the log for a replay. One that does not fit in a packet (it was stored when longer
 * texts were allowed, it has very many different reactions) is shortened, so that a client gets on.
 */
export function encodeReplayed(encoder: PacketEncoder, roomId: RoomId, message: HistoryMessage): PacketRange {
  try {
    return encodeWhole(encoder, roomId, message);
  } catch (error) {
    if (!(error instanceof PacketTooLargeError)) throw error;
    const sizeOf = (messages: readonly HistoryMessage[]): number =>
      Math.max(...messages.map((one) => packetSize(PacketType.MESSAGE_NOTICE, historyNotice(roomId, one))));
    return encodeWhole(encoder, roomId, shortened(message, sizeOf, encoder.packetLimitBytes));
  }
}

function encodeWhole(encoder: PacketEncoder, roomId: RoomId, message: HistoryMessage): PacketRange {
  const { offset, timeMs, sender, text, target, replyTo, changedOffset } = message;
  if (changedOffset > 0) {
    return encoder.encode(PacketType.MESSAGE_NOTICE, historyNotice(roomId, message));
  }
  const kind = messageKinds[message.kind];
  return encoder.encodeMessageNotice(roomId, offset, timeMs, sender, text, kind, target, replyTo);
}
