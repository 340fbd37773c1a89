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
import type { Command, Request, UserIdentity } from "../hub/command.ts";
import type { SessionKey, UserId } from "../names.ts";
import type { Offender } from "./bad-input-log.ts";
import type { Admission } from "./credentials.ts";
import {
  badFrameCode,
  disconnectCodeOf,
  disconnectTexts,
  engineReason,
  type EndCode,
} from "./disconnects.ts";
import type { FanOutAccount, FanOutPayer } from "./fan-out-rate.ts";
import type { GateContext } from "./gate-context.ts";
import { assertGateTransition, type GateSessionState } from "./gate-session-state.ts";
import type { RoomPosition } from "./handlers/wire-values.ts";
import type { Member, Membership } from "./local-room.ts";
import { type OpenJoin, OpenRequests } from "./open-requests.ts";
import { handlePacket } from "./packet-handlers.ts";
import { FLOOD, PacketRate } from "./packet-rate.ts";
import { refuseRequest, wireWaitMs } from "./refusals.ts";

/** A login that the hub has been asked for. */
interface PendingLogin {
  readonly admission: Admission;
  /** Where the client left the lobby. */
  readonly position: RoomPosition | undefined;
}

/**
 * One connection of the chat: its packets become commands, what is said to it becomes packets.
 *
 * Memory counts here: there are tens of thousands of these, most of them silent. What only some need is
 * made when they need it.
 */
export class GateSession implements SessionHandler, Member, Offender, FanOutPayer {
  readonly session: Session;
  readonly context: GateContext;
  firstMembership: Membership | undefined;
  badInput: Map<string, number> | undefined;
  /** When its send queue was first seen not empty while memory was short; 0: not since it was empty. */
  backlogSinceMs = 0;
  fanOutAccount: FanOutAccount | undefined;
  /** The request that logs out, while its token is being revoked; 0: none. */
  loggingOutId = 0;
  #state: GateSessionState = "anonymous";
  #user: UserIdentity | undefined;
  #tokenId = 0;
  #login: PendingLogin | undefined;
  #open: OpenRequests | undefined;
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

  /** 0: nobody yet. */
  get userId(): UserId {
    return this.#user?.id ?? 0;
  }

  /** The resume token that the session came with or was given; 0: none. */
  get tokenId(): number {
    return this.#tokenId;
  }

  onConnected(): void {
    const { settings, service, rules, epoch, serverName } = this.context;
    const { login, timeouts } = settings;
    if (timeouts.pingMs !== service.idleTimeoutMs) this.session.setIdleTimeout(timeouts.pingMs);
    this.send(PacketType.HELLO, {
      protocolVersion: PROTOCOL_VERSION,
      server: serverName,
      packetLimitBytes: settings.limits.packetBytes,
      textLimitBytes: settings.limits.textBytes,
      pingIntervalMs: timeouts.pingMs,
      pongTimeoutMs: timeouts.pongMs,
      epoch,
      guestsAllowed: login.guests && rules.lockdown < 2,
      registrationOpen: login.registration && rules.lockdown < 1,
      invitationRequired: login.invitationRequired,
      jwtAccepted: login.jwt !== undefined,
    });
  }

  onFrame(_session: Session, bytes: Uint8Array, start: number, end: number): void {
    if (this.#state === "ended") return;
    this.context.counters.packetsReceived++;
    if (this.#pingSentMs > 0) this.#onLife();
    const waitMs = this.#waitMs();
    if (waitMs === FLOOD) {
      this.context.badInput.note(this, "FLOOD", "went on although told to wait");
      this.end("FLOOD");
      return;
    }
    const packet = decodeClientPacket(bytes, start, end);
    if (packet.type === UNDECODED) this.#onUndecoded(packet);
    else if (waitMs === 0) handlePacket(this, packet);
    else {
      const refused = { code: "RATE_LIMITED", detail: "too many requests", retryAfterMs: waitMs } as const;
      refuseRequest(this, packet, refused);
    }
  }

  /** 0: the packet is let through. */
  #waitMs(): number {
    const { packetLimits, clock } = this.context;
    if (packetLimits === undefined) return 0;
    this.#rate ??= new PacketRate();
    return this.#rate.take(packetLimits, clock.monotonicMs());
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
    if (settings.timeouts.pingMs === 0) {
      this.session.setIdleTimeout(0);
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
    if (this.#state === "signedIn") this.context.fanOut.onDrained(this);
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
  request(request: Request): void {
    this.#outstandingCount++;
    this.context.counters.requestsOutstanding++;
    this.context.link.send(request);
  }

  /** Tells the hub something that has no answer. */
  tell(command: Extract<Command, { readonly type: "typing" }>): void {
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
  }

  /** The attempt was right: asks the hub to let the user in. */
  signIn(requestId: number, admission: Admission, position: RoomPosition | undefined): void {
    this.#become("signingIn");
    const { user, tokenId } = admission;
    this.#user = user;
    this.#tokenId = tokenId;
    this.#login = { admission, position };
    const { key, address } = this;
    this.request({ type: "signIn", session: key, requestId, user, address, tokenId });
  }

  /** The hub has let the user in. What the response needs. */
  onSignedIn(): { readonly issued: Admission["issued"]; readonly position: RoomPosition | undefined } {
    this.#become("signedIn");
    this.context.counters.signedIn++;
    this.context.counters.logins++;
    this.session.completeHandshake();
    const { admission, position } = this.#login as PendingLogin;
    this.#login = undefined;
    return { issued: admission.issued, position };
  }

  /** The hub has not let the user in. */
  onSignInRefused(): void {
    this.#become("anonymous");
    this.#dropLogin();
  }

  #dropLogin(): void {
    if (this.#login !== undefined) this.context.loginDesk.withdraw(this.#login.admission);
    this.#login = undefined;
    this.#user = undefined;
    this.#tokenId = 0;
  }

  /** Keeps what the answer to a JoinRoomRequest will need. False when too many are open. */
  holdJoin(requestId: number, join: OpenJoin): boolean {
    this.#open ??= new OpenRequests();
    return this.#open.holdJoin(requestId, join);
  }

  takeJoin(requestId: number): OpenJoin | undefined {
    const join = this.#open?.takeJoin(requestId);
    if (this.#open?.isEmpty === true) this.#open = undefined;
    return join;
  }

  /** Keeps which message a page of history is to lie around. False when too many are open. */
  holdAround(requestId: number, offset: number): boolean {
    this.#open ??= new OpenRequests();
    return this.#open.holdAround(requestId, offset);
  }

  takeAround(requestId: number): number | undefined {
    const offset = this.#open?.takeAround(requestId);
    if (this.#open?.isEmpty === true) this.#open = undefined;
    return offset;
  }

  /**
   * Says why, sends what is queued, and ends the connection. The first code is the one told; `detail`
   * instead of the code's own words.
   */
  end(code: EndCode, retryAfterMs = 0, detail = ""): void {
    if (this.#state === "ended") return;
    this.#count(code);
    this.send(PacketType.DISCONNECT, {
      code: DisconnectCode[code],
      reason: detail === "" ? disconnectTexts[code] : detail,
      retryAfterMs: wireWaitMs(retryAfterMs),
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
    this.#open = undefined;
    if (state === "signingIn" || state === "signedIn") {
      this.context.link.send({ type: "signOut", session: this.key });
    }
    if (state === "signingIn") this.#dropLogin();
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
