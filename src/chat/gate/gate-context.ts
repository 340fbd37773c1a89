import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Service, SessionId } from "../../engine/index.ts";
import type { PacketEncoder } from "../../protocol/packet-encoder.ts";
import type { GateLink } from "../bus/bus.ts";
import type { SessionKey } from "../names.ts";
import type { BadInputLog } from "./bad-input-log.ts";
import type { GateCounters } from "./gate-counters.ts";
import type { GateSession } from "./gate-session.ts";
import type { GateSettings } from "./gate-settings.ts";
import type { LoginDesk } from "./login-desk.ts";
import type { PacketLimits } from "./packet-rate.ts";
import type { RoomFanOut } from "./room-fan-out.ts";

/** What the sessions of a gate share. */
export interface GateContext {
  readonly settings: GateSettings;
  readonly service: Service;
  readonly encoder: PacketEncoder;
  readonly link: GateLink;
  readonly fanOut: RoomFanOut;
  readonly loginDesk: LoginDesk;
  readonly badInput: BadInputLog;
  readonly counters: GateCounters;
  readonly clock: Clock;
  readonly log: Logger;
  /** undefined: packets may come as fast as they like. */
  readonly packetLimits: PacketLimits | undefined;
  /** What Hello says of the server. */
  readonly serverName: string;
  readonly epoch: string;
  /** No new requests are taken. */
  readonly isStopping: boolean;
  /** The key of a session of this gate. */
  keyOf(id: SessionId): SessionKey;
  /** The session is nobody's any more. */
  forget(session: GateSession): void;
  /** A request was answered. */
  onAnswered(count: number): void;
}
