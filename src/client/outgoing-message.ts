import { PacketType } from "../protocol/codes.ts";
import type { ChatError } from "./chat-error.ts";
import type { EntryKind } from "./log-entry.ts";
import type { RoomStream } from "./room-stream.ts";
import type { ServerLink } from "./server-link.ts";

/** Where the server put an entry. */
export interface Receipt {
  /** Its room; a whisper's: the direct conversation. */
  readonly roomId: number;
  readonly offset: number;
  /** Server's time, milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
}

/** What an entry is for: a room that the client is in, a room id that it only knows, or a user. */
export type Destination =
  | { readonly kind: "room"; readonly stream: RoomStream }
  | { readonly kind: "roomId"; readonly roomId: number }
  | { readonly kind: "user"; readonly name: string };

/** What is to be put into a room's log. */
export interface OutgoingContent {
  readonly kind: EntryKind;
  /** Of a reaction, taken back or not: its characters. */
  readonly text: string;
  /** Of every kind but "text"; else 0. */
  readonly target: number;
  /** 0: none. */
  readonly replyTo: number;
}

/** An entry that the server has not acknowledged. */
export interface OutgoingMessage {
  readonly destination: Destination;
  readonly clientMessageId: string;
  readonly content: OutgoingContent;
  /** Called once. */
  readonly finish: (outcome: Receipt | ChatError) => void;
}

export type OutgoingAnswer =
  ChatError | { readonly offset: bigint; readonly timeMs: bigint; readonly roomId?: number };

/** The room that a message goes to; 0: a user, whose conversation the answer tells. */
export function roomIdOf(destination: Destination): number {
  if (destination.kind === "user") return 0;
  return destination.kind === "room" ? destination.stream.roomId : destination.roomId;
}

/** Sends the request that a message is. `answer` is called once, later. */
export function sendOutgoing(
  link: ServerLink,
  message: OutgoingMessage,
  timeoutMs: number,
  answer: (answer: OutgoingAnswer) => void,
): void {
  const { destination, clientMessageId, content } = message;
  const { kind, text, target: offset, replyTo } = content;
  const roomId = roomIdOf(destination);
  switch (kind) {
    case "text":
      if (destination.kind === "user") {
        const fields = { to: destination.name, clientMessageId, text, replyTo };
        link.request(PacketType.WHISPER_REQUEST, fields, timeoutMs, answer);
      } else {
        const fields = { roomId, clientMessageId, text, replyTo };
        link.request(PacketType.PUBLISH_REQUEST, fields, timeoutMs, answer);
      }
      break;
    case "edit": {
      const fields = { roomId, offset, clientMessageId, text };
      link.request(PacketType.EDIT_MESSAGE_REQUEST, fields, timeoutMs, answer);
      break;
    }
    case "delete":
      link.request(PacketType.DELETE_MESSAGE_REQUEST, { roomId, offset, clientMessageId }, timeoutMs, answer);
      break;
    case "reaction":
    case "reactionRemoved": {
      const fields = { roomId, offset, clientMessageId, reaction: text, remove: kind === "reactionRemoved" };
      link.request(PacketType.REACT_REQUEST, fields, timeoutMs, answer);
      break;
    }
  }
}
