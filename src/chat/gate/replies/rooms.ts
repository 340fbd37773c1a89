import { ErrorCode, PacketType } from "../../../protocol/codes.ts";
import { RoomClosedNotice_Cause as Cause } from "../../../protocol/generated/portico/v1/portico_pb.js";
import { FOREVER_MS } from "../../store/store.ts";
import type { GateSession } from "../gate-session.ts";
import { refuseRequest } from "../refusals.ts";
import { roomState } from "../room-state.ts";
import type { EventOf } from "./event-of.ts";

const causes = { kicked: Cause.KICKED, banned: Cause.BANNED, left: Cause.LEFT } as const;

export function joined(session: GateSession, event: EventOf<"joined">): void {
  session.onAnswered();
  const { requestId, room } = event;
  const { fanOut } = session.context;
  // Of a room that it is in already, it must see nothing of after this answer before it.
  fanOut.flushRoom(room.id);
  if (event.request === "createRoom") {
    session.send(PacketType.CREATE_ROOM_RESPONSE, { requestId, code: ErrorCode.OK, room: roomState(room) });
    fanOut.join(session, room, undefined);
    return;
  }
  const position = session.takeJoin(requestId)?.position;
  const recovered = position !== undefined && fanOut.recovers(room, position);
  session.send(PacketType.JOIN_ROOM_RESPONSE, {
    requestId,
    code: ErrorCode.OK,
    room: roomState(room),
    recovered,
  });
  fanOut.join(session, room, recovered ? position : undefined);
}

/** The room's password, not told to the hub, is compared here; then the hub is asked again. */
export function passwordNeeded(session: GateSession, event: EventOf<"passwordNeeded">): void {
  session.onAnswered();
  const { requestId, passwordHash } = event;
  const packet = { type: PacketType.JOIN_ROOM_REQUEST, body: { requestId } } as const;
  const join = session.takeJoin(requestId);
  if (join === undefined) {
    refuseRequest(session, packet, { code: "ROOM_PASSWORD_WRONG", detail: "the room asks for a password" });
    return;
  }
  const { name, create, password } = join;
  const refused = session.context.passwordDesk.proveRoomPassword(
    session,
    packet,
    password,
    passwordHash,
    () => {
      session.holdJoin(requestId, join);
      const proven = { name, create, hasPassword: true, provenHash: passwordHash };
      session.request({ type: "joinRoom", session: session.key, requestId, ...proven });
    },
  );
  if (refused !== undefined) refuseRequest(session, packet, refused);
}

export function left(session: GateSession, { requestId, roomId }: EventOf<"left">): void {
  session.onAnswered();
  session.context.fanOut.leave(session, roomId);
  session.send(PacketType.LEAVE_ROOM_RESPONSE, { requestId, code: ErrorCode.OK });
}

export function removed(session: GateSession, { roomId, cause, detail }: EventOf<"removed">): void {
  session.context.fanOut.leave(session, roomId);
  session.send(PacketType.ROOM_CLOSED_NOTICE, { roomId, cause: causes[cause], detail });
}

export function updated(session: GateSession, { requestId, room }: EventOf<"updated">): void {
  session.onAnswered();
  session.context.fanOut.flushRoom(room.id);
  session.send(PacketType.UPDATE_ROOM_RESPONSE, { requestId, code: ErrorCode.OK, room: roomState(room) });
}

export function roleChanged(session: GateSession, { room }: EventOf<"roleChanged">): void {
  session.context.fanOut.flushRoom(room.id);
  session.send(PacketType.ROOM_UPDATED_NOTICE, { room: roomState(room) });
}

export function invited(session: GateSession, { roomId, room, by }: EventOf<"invited">): void {
  session.send(PacketType.INVITED_NOTICE, { roomId, room, by });
}

export function muted(session: GateSession, { roomId, room, untilMs, reason, by }: EventOf<"muted">): void {
  const lifted = untilMs === 0;
  const until = untilMs === FOREVER_MS ? 0 : untilMs;
  session.send(PacketType.MUTED_NOTICE, { roomId, room, lifted, untilMs: until, reason, by });
}
