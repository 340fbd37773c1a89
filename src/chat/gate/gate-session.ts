import { assert } from "../../base/assert.ts";
import { ArenaExhaustedError, type DisconnectReason, type SessionHandler } from "../../engine/index.ts";
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
  endingText,
  engineReason,
  type EndCode,
} from "./disconnects.ts";
import type { FanOutAccount, FanOutPayer } from "./fan-out-rate.ts";
import type { GateContext } from "./gate-context.ts";
import { assertGateTransition, type GateSessionState } from "./gate-session-state.ts";
import type { RoomPosition } from "./handlers/wire-values.ts";
import type { Member, Membership } from "./local-room.ts";
import { type OpenJoin, OpenRequests } from "./open-requests.ts";
import type { PacketLink, Wire } from "./packet-link.ts";
import { handlePacket } from "./packet-handlers.ts";
import { FLOOD, PacketRate } from "./packet-rate.ts";
import { refuseRequest, wireWaitMs } from "./refusals.ts";
import { clockTicks, elapsedTicks, TICKS_PER_MS } from "./round-trip.ts";

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
  readonly link: PacketLink;
  readonly context: GateContext;
  firstMembership: Membership | undefined;
  badInput: Map<string, number> | undefined;
  fanOutAccount: FanOutAccount | undefined;
  #state: GateSessionState = "anonymous";
  #user: UserIdentity | undefined;
  #tokenId = 0;
  #login: PendingLogin | undefined;
  #open: OpenRequests | undefined;
  #rate: PacketRate | undefined;
  /** Requests sent to the hub that it has not answered. */
  #outstandingCount = 0;
  #invalidCount = 0;
  /** Bytes that come at this time of the link's clock or later answer the heartbeat's ping; 0: none is out. */
  #lifeFromMs = 0;
  /** The nonce of the newest ping tells when it was sent (round-trip.ts); 0: it is answered. */
  #pingNonce = 0;
  /** In ticks; −1: not known. */
  #roundTripTicks = -1;
  /** Tenths of a second, which stay a small integer for years; milliseconds would not for a month. */
  readonly #connectedAtTenths: number;

  constructor(context: GateContext, link: PacketLink) {
    this.context = context;
    this.link = link;
    this.#connectedAtTenths = Math.floor(context.clock.monotonicMs() / 100);
  }

  get key(): SessionKey {
    return this.context.keyOf(this.link.id);
  }

  get wire(): Wire {
    return this.link.wire ?? "packets";
  }

  get state(): GateSessionState {
    return this.#state;
  }

  get address(): string {
    return this.link.remote.host;
  }

  /** When the connection became one of the chat, on the gate's monotonic clock, to a tenth of a second. */
  get connectedAtMs(): number {
    return this.#connectedAtTenths * 100;
  }

  /** What a ping took to be answered, the last time that one was; −1: none was yet. */
  get roundTripMs(): number {
    return this.#roundTripTicks < 0 ? -1 : this.#roundTripTicks / TICKS_PER_MS;
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
    // Others may have another service's timeout until now.
    if (this.wire !== "packets" || timeouts.pingMs !== service.idleTimeoutMs) {
      this.link.setIdleTimeout(timeouts.pingMs);
    }
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

  onFrame(_link: PacketLink, bytes: Uint8Array, start: number, end: number): void {
    if (this.#state === "ended") return;
    this.context.counters.packetsReceived++;
    if (this.#lifeFromMs > 0) this.#onLife();
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

  onBadFrame(_link: PacketLink, code: number): void {
    this.endFor(badFrameCode(code));
  }

  /** Ends the session for what it sent; `detail` instead of the code's own words. */
  endFor(
    code: "PACKET_TOO_LARGE" | "INVALID_HEADER" | "PROTOCOL_ERROR",
    detail = disconnectTexts[code],
  ): void {
    if (this.#state === "ended") return;
    this.context.badInput.note(this, code, detail);
    this.end(code, 0, detail);
  }

  onIdle(): void {
    if (this.#state === "ended") return;
    const { timeouts } = this.context.settings;
    if (this.#lifeFromMs > 0) {
      if (this.link.lastReceivedMs >= this.#lifeFromMs) this.#onLife();
      else this.end("HEARTBEAT_TIMEOUT");
      return;
    }
    if (timeouts.pingMs === 0) {
      this.link.setIdleTimeout(0);
      return;
    }
    this.#lifeFromMs = this.link.lastReceivedMs + 1;
    this.ping();
    this.link.setIdleTimeout(timeouts.pongMs);
  }

  /** Asks for a sign of life, from which the round-trip time will be known. */
  ping(): void {
    this.#pingNonce = clockTicks(this.context.clock.monotonicMs());
    this.send(PacketType.PING, { nonce: this.#pingNonce });
  }

  /** Any other nonce than that of the newest ping says nothing. */
  onPong(nonce: number): void {
    if (nonce === 0 || nonce !== this.#pingNonce) return;
    this.#roundTripTicks = elapsedTicks(nonce, clockTicks(this.context.clock.monotonicMs()));
    this.#pingNonce = 0;
  }

  onHandshakeTimeout(): void {
    this.end("HANDSHAKE_TIMEOUT");
  }

  onDrained(): void {
    if (this.#state === "signedIn") this.context.fanOut.onDrained(this);
  }

  onDisconnected(_link: PacketLink, reason: DisconnectReason, detail: number): void {
    if (this.#state !== "ended") {
      // The gate learns of it here: the peer left, the network broke, or the engine cut it off.
      const code = disconnectCodeOf(reason, detail);
      const text = endingText(code, reason, detail);
      if (code !== "NONE") this.#count(code);
      if (code === "SLOW_READER" || reason === "PACKET_ERROR") this.context.badInput.note(this, code, text);
      this.context.disconnects.note(this, code, text);
    }
    this.context.counters.ended++;
    this.#retire();
    this.context.badInput.summarise(this);
    const { address, key, userName } = this;
    this.context.log.debug({ address, session: key, user: userName, reason, detail }, "session ended");
  }

  /** Sends one packet. What cannot be sent ends the session; the caller need not care. */
  send<Type extends ServerPacketType>(type: Type, body: PacketInit<Type>): void {
    if (!this.link.isOpen) return;
    try {
      const { chunk, start, end } = this.context.encoder.encode(type, body);
      this.link.send(chunk, start, end);
    } catch (error) {
      if (!(error instanceof ArenaExhaustedError)) throw error;
      this.link.abort("SEND_BUFFER_EXHAUSTED");
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
    this.link.completeHandshake();
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
    this.#dropOpen();
    return join;
  }

  /** Keeps which message a page of history is to lie around. False when too many are open. */
  holdAround(requestId: number, offset: number): boolean {
    this.#open ??= new OpenRequests();
    return this.#open.holdAround(requestId, offset);
  }

  takeAround(requestId: number): number | undefined {
    const offset = this.#open?.takeAround(requestId);
    this.#dropOpen();
    return offset;
  }

  /** The request that logs out, while its token is being revoked; 0: none. */
  get loggingOutId(): number {
    return this.#open?.loggingOutId ?? 0;
  }

  set loggingOutId(requestId: number) {
    this.#open ??= new OpenRequests();
    this.#open.loggingOutId = requestId;
    this.#dropOpen();
  }

  /** Most sessions have none. */
  #dropOpen(): void {
    if (this.#open?.isEmpty === true) this.#open = undefined;
  }

  /**
   * Says why, sends what is queued, and ends the connection. The first code is the one told; `detail`
   * instead of the code's own words.
   */
  end(code: EndCode, retryAfterMs = 0, detail = ""): void {
    if (this.#state === "ended") return;
    this.#count(code);
    const text = detail === "" ? disconnectTexts[code] : detail;
    this.context.disconnects.note(this, code, text);
    this.send(PacketType.DISCONNECT, {
      code: DisconnectCode[code],
      reason: text,
      retryAfterMs: wireWaitMs(retryAfterMs),
    });
    this.link.disconnect(engineReason(code), DisconnectCode[code]);
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
    this.#lifeFromMs = 0;
    this.link.setIdleTimeout(this.context.settings.timeouts.pingMs);
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
    assert(state !== "signingIn" || this.link.isOpen, "only an open session signs in");
    this.#state = state;
  }
}
