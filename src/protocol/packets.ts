import type { DescMessage } from "@bufbuild/protobuf";
import { PacketType } from "./codes.ts";
import * as pb from "./generated/portico/v1/portico_pb.js";

/** Which side sends a packet. */
export type PacketSource = "client" | "server" | "both";

/** The message of each packet type: what a body decodes to. */
export interface PacketBodies {
  [PacketType.HELLO]: pb.Hello;
  [PacketType.PING]: pb.Ping;
  [PacketType.PONG]: pb.Pong;
  [PacketType.DISCONNECT]: pb.Disconnect;
  [PacketType.REGISTER_REQUEST]: pb.RegisterRequest;
  [PacketType.REGISTER_RESPONSE]: pb.RegisterResponse;
  [PacketType.LOGIN_REQUEST]: pb.LoginRequest;
  [PacketType.LOGIN_RESPONSE]: pb.LoginResponse;
  [PacketType.LOGOUT_REQUEST]: pb.LogoutRequest;
  [PacketType.LOGOUT_RESPONSE]: pb.LogoutResponse;
  [PacketType.PUBLISH_REQUEST]: pb.PublishRequest;
  [PacketType.PUBLISH_RESPONSE]: pb.PublishResponse;
  [PacketType.MESSAGE_NOTICE]: pb.MessageNotice;
  [PacketType.WHISPER_REQUEST]: pb.WhisperRequest;
  [PacketType.WHISPER_RESPONSE]: pb.WhisperResponse;
  [PacketType.WHISPER_NOTICE]: pb.WhisperNotice;
  [PacketType.JOIN_ROOM_REQUEST]: pb.JoinRoomRequest;
  [PacketType.JOIN_ROOM_RESPONSE]: pb.JoinRoomResponse;
  [PacketType.LEAVE_ROOM_REQUEST]: pb.LeaveRoomRequest;
  [PacketType.LEAVE_ROOM_RESPONSE]: pb.LeaveRoomResponse;
  [PacketType.USER_JOINED_NOTICE]: pb.UserJoinedNotice;
  [PacketType.USER_LEFT_NOTICE]: pb.UserLeftNotice;
  [PacketType.HISTORY_REQUEST]: pb.HistoryRequest;
  [PacketType.HISTORY_RESPONSE]: pb.HistoryResponse;
  [PacketType.USER_LIST_REQUEST]: pb.UserListRequest;
  [PacketType.USER_LIST_RESPONSE]: pb.UserListResponse;
  [PacketType.ERROR_NOTICE]: pb.ErrorNotice;
}

/** Every packet type but UNSPECIFIED. */
export type KnownPacketType = keyof PacketBodies;

/** What can be learned about a packet type at run time. */
export interface PacketDefinition {
  readonly type: KnownPacketType;
  readonly schema: DescMessage;
  readonly source: PacketSource;
}

const definitions = {
  [PacketType.HELLO]: { schema: pb.HelloSchema, source: "server" },
  [PacketType.PING]: { schema: pb.PingSchema, source: "both" },
  [PacketType.PONG]: { schema: pb.PongSchema, source: "both" },
  [PacketType.DISCONNECT]: { schema: pb.DisconnectSchema, source: "server" },
  [PacketType.REGISTER_REQUEST]: { schema: pb.RegisterRequestSchema, source: "client" },
  [PacketType.REGISTER_RESPONSE]: { schema: pb.RegisterResponseSchema, source: "server" },
  [PacketType.LOGIN_REQUEST]: { schema: pb.LoginRequestSchema, source: "client" },
  [PacketType.LOGIN_RESPONSE]: { schema: pb.LoginResponseSchema, source: "server" },
  [PacketType.LOGOUT_REQUEST]: { schema: pb.LogoutRequestSchema, source: "client" },
  [PacketType.LOGOUT_RESPONSE]: { schema: pb.LogoutResponseSchema, source: "server" },
  [PacketType.PUBLISH_REQUEST]: { schema: pb.PublishRequestSchema, source: "client" },
  [PacketType.PUBLISH_RESPONSE]: { schema: pb.PublishResponseSchema, source: "server" },
  [PacketType.MESSAGE_NOTICE]: { schema: pb.MessageNoticeSchema, source: "server" },
  [PacketType.WHISPER_REQUEST]: { schema: pb.WhisperRequestSchema, source: "client" },
  [PacketType.WHISPER_RESPONSE]: { schema: pb.WhisperResponseSchema, source: "server" },
  [PacketType.WHISPER_NOTICE]: { schema: pb.WhisperNoticeSchema, source: "server" },
  [PacketType.JOIN_ROOM_REQUEST]: { schema: pb.JoinRoomRequestSchema, source: "client" },
  [PacketType.JOIN_ROOM_RESPONSE]: { schema: pb.JoinRoomResponseSchema, source: "server" },
  [PacketType.LEAVE_ROOM_REQUEST]: { schema: pb.LeaveRoomRequestSchema, source: "client" },
  [PacketType.LEAVE_ROOM_RESPONSE]: { schema: pb.LeaveRoomResponseSchema, source: "server" },
  [PacketType.USER_JOINED_NOTICE]: { schema: pb.UserJoinedNoticeSchema, source: "server" },
  [PacketType.USER_LEFT_NOTICE]: { schema: pb.UserLeftNoticeSchema, source: "server" },
  [PacketType.HISTORY_REQUEST]: { schema: pb.HistoryRequestSchema, source: "client" },
  [PacketType.HISTORY_RESPONSE]: { schema: pb.HistoryResponseSchema, source: "server" },
  [PacketType.USER_LIST_REQUEST]: { schema: pb.UserListRequestSchema, source: "client" },
  [PacketType.USER_LIST_RESPONSE]: { schema: pb.UserListResponseSchema, source: "server" },
  [PacketType.ERROR_NOTICE]: { schema: pb.ErrorNoticeSchema, source: "server" },
} as const satisfies Record<KnownPacketType, Omit<PacketDefinition, "type">>;

type Definitions = typeof definitions;

/** Types that the given side sends. */
export type PacketTypeFrom<Side extends "client" | "server"> = {
  [Type in KnownPacketType]: Definitions[Type]["source"] extends Side | "both" ? Type : never;
}[KnownPacketType];

export type ClientPacketType = PacketTypeFrom<"client">;
export type ServerPacketType = PacketTypeFrom<"server">;

/** Every packet type, in the order of its number. */
export const PACKETS: readonly PacketDefinition[] = Object.entries(definitions)
  .map(([type, { schema, source }]) => ({ type: Number(type) as KnownPacketType, schema, source }))
  .toSorted((a, b) => a.type - b.type);

const byType = new Map<number, PacketDefinition>(PACKETS.map((packet) => [packet.type, packet]));

/** The definition of a type number; undefined when this version of the protocol has no such type. */
export function findPacket(type: number): PacketDefinition | undefined {
  return byType.get(type);
}

/** True when `side` sends packets of this type. */
export function isSentBy(packet: PacketDefinition, side: "client" | "server"): boolean {
  return packet.source === side || packet.source === "both";
}

/**
 * What an encoder takes for a message: plain fields, those left out having protobuf's default. A whole
 * protobuf-es message fits too, and 64-bit fields may be given as numbers up to 2^53 − 1.
 */
export type PlainMessage<Body> = {
  readonly [Field in Exclude<keyof Body, "$typeName" | "$unknown">]?: PlainField<Body[Field]> | undefined;
};

type PlainField<Field> = Field extends bigint
  ? bigint | number
  : Field extends { readonly $typeName: string }
    ? PlainMessage<Field>
    : Field extends readonly (infer Item)[]
      ? readonly PlainField<Item>[]
      : Field;

export type PacketInit<Type extends KnownPacketType> = PlainMessage<PacketBodies[Type]>;
