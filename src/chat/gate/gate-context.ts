import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { Service, SessionId } from "../../engine/index.ts";
import type { PacketEncoder } from "../../protocol/packet-encoder.ts";
import type { GateLink } from "../bus/bus.ts";
import type { SessionKey } from "../names.ts";
import type { BadInputLog } from "./bad-input-log.ts";
import type { DisconnectHistory } from "./disconnect-history.ts";
import type { FanOut } from "./fan-out.ts";
import type { FanOutRate } from "./fan-out-rate.ts";
import type { GateCounters } from "./gate-counters.ts";
import type { GateSession } from "./gate-session.ts";
import type { GateSettings } from "./gate-settings.ts";
import type { LoginDesk } from "./login-desk.ts";
import type { MessageFilter } from "./message-filter.ts";
import type { PacketLimits } from "./packet-rate.ts";
import type { PasswordDesk } from "./password-desk.ts";
import type { RegistrationDesk } from "./registration-desk.ts";
import type { ServerRules } from "./server-rules.ts";

/** What follows from a gate's settings. The gate changes it when it is given others. */
export interface GatePolicy {
  settings: GateSettings;
  /** undefined: packets may come as fast as they like. */
  packetLimits: PacketLimits | undefined;
  /** undefined: as much may be fanned out as is said. */
  fanOutRate: FanOutRate | undefined;
  /** undefined: every text is let through. */
  messageFilter: MessageFilter | undefined;
}

/** What the sessions of a gate share. */
export interface GateContext extends Readonly<GatePolicy> {
  readonly service: Service;
  readonly encoder: PacketEncoder;
  readonly link: GateLink;
  readonly fanOut: FanOut;
  readonly loginDesk: LoginDesk;
  readonly registrationDesk: RegistrationDesk;
  readonly passwordDesk: PasswordDesk;
  readonly rules: ServerRules;
  readonly badInput: BadInputLog;
  readonly disconnects: DisconnectHistory;
  readonly counters: GateCounters;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
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
