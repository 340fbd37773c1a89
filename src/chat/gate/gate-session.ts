import { assert } from "../../base/assert.ts";
import {
  ArenaExhaustedError,
  type DisconnectReason,
  type Session,
  type SessionHandler,
} from "../../engine/index.ts";
import { DisconnectCode, ErrorCode, PacketType, type DisconnectCodeName } from "../../protocol/codes.ts";
import { decodeClientPacket, UNDECODED, type UndecodedPacket } from "../../protocol/packet-decoder.ts";
import type { PacketInit, ServerPacketType } from "../../protocol/packets.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import type { Command, UserIdentity } from "../hub/command.ts";
import type { SessionKey } from "../names.ts";
import type { Offender } from "./bad-input-log.ts";
import {
  badFrameCode,
  disconnectCodeOf,
  disconnectTexts,
  engineReason,
  type EndCode,
} from "./disconnects.ts";
import type { GateContext } from "./gate-context.ts";
import { assertGateTransition, type GateSessionState } from "./gate-session-state.ts";
import type { Member, Membership } from "./local-room.ts";
import { handlePacket } from "./packet-handlers.ts";
import { FLOOD, PacketRate } from "./packet-rate.ts";
import { refuseRequest } from "./refusals.ts";

/**
 * One connection of the chat: its packets become commands, what is said to it becomes packets.
 *
 * Memory counts here: there are tens of thousands of these, most of them silent. What only some need is
 * made when they need it.
 */
export class GateSession implements SessionHandler, Member, Offender {
  readonly session: Session;
  readonly context: GateContext;
  firstMembership: Membership | undefined;
  badInput: Map<string, number> | undefined;
  /** When its send queue was first seen not empty while memory was short; 0: not since it was empty. */
  backlogSinceMs = 0;
  #state: GateSessionState = "anonymous";
  #user: UserIdentity | undefined;
  #rate: PacketRate | undefined;
  /** Requests sent to the hub that it has not answered. */
  #outstandingCount = 0;
  #invalidCount = 0;
  /** When the ping was sent that nothing has come after; 0: none. */
  #pingSentMs = 0;
  #pingNonce = 0;

  constructor(context: GateContext, session: Session) {
    this.context = context;
    this.session = session;
  }

  get key(): SessionKey {
    return this.context.keyOf(this.session.id);
  }

  get state(): GateSessionState {
    return this.#state;
  }

  get address(): string {
    return this.session.remote.host;
  }

  /** The user, from the moment that the gate knows who it is. */
  get user(): UserIdentity | undefined {
    return this.#user;
  }

  get userName(): string | undefined {
    return this.#user?.name;
  }

  onConnected(): void {
    const { settings, epoch, serverName, packetLimits } = this.context;
    if (packetLimits !== undefined) this.#rate = new PacketRate(packetLimits);
    this.send(PacketType.HELLO, {
      protocolVersion: PROTOCOL_VERSION,
      server: serverName,
      packetLimitBytes: settings.limits.packetBytes,
      textLimitBytes: settings.limits.textBytes,
      pingIntervalMs: settings.timeouts.pingMs,
      pongTimeoutMs: settings.timeouts.pongMs,
      epoch,
      guestsAllowed: settings.login.guests,
      registrationOpen: settings.login.registration,
    });
  }

  onFrame(_session: Session, bytes: Uint8Array, start: number, end: number): void {
    if (this.#state === "ended") return;
    this.context.counters.packetsReceived++;
    if (this.#pingSentMs > 0) this.#onLife();
    const waitMs = this.#rate === undefined ? 0 : this.#rate.take(this.context.clock.monotonicMs());
    if (waitMs === FLOOD) {
      this.context.badInput.note(this, "FLOOD", "went on although told to wait");
      this.end("FLOOD");
      return;
    }
    const packet = decodeClientPacket(bytes, start, end);
    if (packet.type === UNDECODED) this.#onUndecoded(packet);
    else if (waitMs > 0) refuseRequest(this, packet, "RATE_LIMITED", "too many requests", waitMs);
    else handlePacket(this, packet);
  }

  onBadFrame(_session: Session, code: number): void {
    if (this.#state === "ended") return;
    const name = badFrameCode(code);
    this.context.badInput.note(this, name, disconnectTexts[name]);
    this.end(name);
  }

  onIdle(): void {
    if (this.#state === "ended") return;
    const { settings, service } = this.context;
    if (this.#pingSentMs > 0) {
      if (this.session.lastReceivedMs >= this.#pingSentMs) this.#onLife();
      else this.end("HEARTBEAT_TIMEOUT");
      return;
    }
    this.#pingSentMs = service.nowMs;
    this.#pingNonce = (this.#pingNonce + 1) >>> 0;
    this.send(PacketType.PING, { nonce: this.#pingNonce });
    this.session.setIdleTimeout(settings.timeouts.pongMs);
  }

  onHandshakeTimeout(): void {
    this.end("HANDSHAKE_TIMEOUT");
  }

  onDrained(): void {
    this.backlogSinceMs = 0;
  }

  onDisconnected(_session: Session, reason: DisconnectReason, detail: number): void {
    const code = disconnectCodeOf(reason, detail);
    if (this.#state !== "ended") {
      // The gate learns of it here: the peer left, the network broke, or the engine cut it off.
      if (code !== "NONE") this.#count(code);
      if (code === "SLOW_READER") this.context.badInput.note(this, code, disconnectTexts[code]);
    }
    this.#retire();
    this.context.badInput.summarise(this);
    const { address, key, userName } = this;
    this.context.log.debug({ address, session: key, user: userName, reason, detail }, "session ended");
  }

  /** Sends one packet. What cannot be sent ends the session; the caller need not care. */
  send<Type extends ServerPacketType>(type: Type, body: PacketInit<Type>): void {
    if (!this.session.isOpen) return;
    try {
      const { chunk, start, end } = this.context.encoder.encode(type, body);
      this.session.send(chunk, start, end);
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      this.session.abort("SEND_BUFFER_EXHAUSTED");
    }
  }

  /** Asks something of the hub; exactly one answer comes, unless the session ends. */
  request(command: Command): void {
    this.#outstandingCount++;
    this.context.counters.requestsOutstanding++;
    this.context.link.send(command);
  }

  onAnswered(): void {
    if (this.#outstandingCount === 0) return;
    this.#outstandingCount--;
    this.context.onAnswered(1);
  }

  /** One attempt to register or log in begins. */
  beginAttempt(): void {
    this.#become("authenticating");
  }

  /** The attempt ended without a login. */
  endAttempt(): void {
    this.#become("anonymous");
    this.#user = undefined;
  }

  /** The attempt was right: asks the hub to let the user in. */
  signIn(requestId: number, user: UserIdentity): void {
    this.#become("signingIn");
    this.#user = user;
    this.request({ type: "signIn", session: this.key, requestId, user });
  }

  /** The hub has let the user in. */
  onSignedIn(): void {
    this.#become("signedIn");
    this.context.counters.signedIn++;
    this.context.counters.logins++;
    this.session.completeHandshake();
  }

  /** Says why, sends what is queued, and ends the connection. The first code is the one told. */
  end(code: EndCode, retryAfterMs = 0): void {
    if (this.#state === "ended") return;
    this.#count(code);
    this.send(PacketType.DISCONNECT, {
      code: DisconnectCode[code],
      reason: disconnectTexts[code],
      retryAfterMs,
    });
    this.session.disconnect(engineReason(code), DisconnectCode[code]);
    this.#retire();
  }

  #onUndecoded(packet: UndecodedPacket): void {
    const isUnknown = packet.failure === "UNKNOWN_TYPE";
    const code = isUnknown ? "UNKNOWN_TYPE" : "INVALID_PACKET";
    this.context.badInput.note(this, code, packet.detail);
    this.countRefusal(code);
    this.send(PacketType.ERROR_NOTICE, {
      code: ErrorCode[code],
      detail: packet.detail,
      packetType: packet.packetType,
      requestId: packet.requestId,
    });
    if (isUnknown) return;
    this.#invalidCount++;
    if (this.#invalidCount >= this.context.settings.limits.invalidPackets) this.end("PROTOCOL_ERROR");
  }

  countRefusal(code: keyof typeof ErrorCode): void {
    const { refusals } = this.context.counters;
    refusals[code] = (refusals[code] ?? 0) + 1;
  }

  #count(code: DisconnectCodeName): void {
    const { disconnects } = this.context.counters;
    disconnects[code] = (disconnects[code] ?? 0) + 1;
  }

  /** Something came after the ping. */
  #onLife(): void {
    this.#pingSentMs = 0;
    this.session.setIdleTimeout(this.context.settings.timeouts.pingMs);
  }

  /** Leaves everything, once: the rooms here, and the hub where it was asked to let the user in. */
  #retire(): void {
    const state = this.#state;
    if (state === "ended") return;
    this.#become("ended");
    this.context.fanOut.leaveAll(this);
    if (state === "signingIn" || state === "signedIn") {
      this.context.link.send({ type: "signOut", session: this.key });
    }
    if (state === "signedIn") this.context.counters.signedIn--;
    const open = this.#outstandingCount;
    this.#outstandingCount = 0;
    this.context.forget(this);
    if (open > 0) this.context.onAnswered(open);
  }

  #become(state: GateSessionState): void {
    assertGateTransition(this.#state, state);
    assert(state !== "signingIn" || this.session.isOpen, "only an open session signs in");
    this.#state = state;
  }
}
