import { PacketType } from "../../protocol/codes.ts";
import type { LoginRequest } from "../../protocol/generated/portico/v1/portico_pb.js";
import { checkUserName } from "../../protocol/names.ts";
import { checkGuestKey, checkLabel } from "../../protocol/text.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import { AddressRate } from "./address-rate.ts";
import { type Admission, Credentials } from "./credentials.ts";
import { attemptObstacle } from "./attempt-obstacle.ts";
import type { DeskContext } from "./desk-context.ts";
import type { GateSession } from "./gate-session.ts";
import type { GateSettings } from "./gate-settings.ts";
import { roomPosition } from "./handlers/wire-values.ts";
import { isRefused, refuseRequest, type Refused } from "./refusals.ts";

const MINUTE_MS = 60_000;

/**
 * Lets users in: by password, resume token, guest's key or another authority's token. One attempt at a
 * time for each session, so many at once in all, so many a minute for each address. While an attempt
 * waits for the store or for a password to be hashed the session may end: then nothing more is done.
 */
export class LoginDesk {
  readonly credentials: Credentials;
  readonly #desk: DeskContext;
  /** Wrong tokens. Right ones are not limited: after a restart everybody comes back at once. */
  readonly #wrongTokens: AddressRate;

  /** Throws GateSettingsError. */
  constructor(desk: DeskContext) {
    this.#desk = desk;
    this.credentials = new Credentials(desk);
    this.#wrongTokens = new AddressRate(desk.settings.rates.loginsPerMinutePerAddress, MINUTE_MS);
  }

  /** Takes over changed settings. Throws GateSettingsError. */
  reload({ login, rates }: GateSettings): void {
    this.credentials.setJwt(login.jwt);
    this.#wrongTokens.setCount(rates.loginsPerMinutePerAddress);
  }

  login(session: GateSession, body: LoginRequest): Refused | undefined {
    const refused =
      attemptObstacle(session, this.#desk) ?? this.#faultOf(body) ?? this.#waitOf(session.address, body);
    if (refused !== undefined) return refused;
    session.beginAttempt();
    this.#desk.attempts.start(
      () => this.#identify(session.address, body),
      (outcome) => this.#finish(session, body, outcome),
    );
    return undefined;
  }

  /** What is wrong with the request as it stands. */
  #faultOf(body: LoginRequest): Refused | undefined {
    if (body.protocolVersion !== PROTOCOL_VERSION) {
      const detail = `this server speaks version ${PROTOCOL_VERSION} of the protocol`;
      return { code: "VERSION_UNSUPPORTED", detail };
    }
    const label = checkLabel(body.label);
    if (!label.ok) return { code: "INVALID_PACKET", detail: label.reason };
    const { credential } = body;
    if (credential.case === undefined) {
      return { code: "INVALID_PACKET", detail: "there is no password, key or token" };
    }
    if (credential.case === "resumeToken" || credential.case === "jwt") return undefined;
    const name = checkUserName(body.name);
    if (!name.ok) return { code: "NAME_INVALID", detail: name.reason };
    return credential.case === "guestKey" ? this.#guestFault(credential.value) : undefined;
  }

  #guestFault(key: Uint8Array): Refused | undefined {
    if (!this.#desk.settings.login.guests) {
      return { code: "GUESTS_NOT_ALLOWED", detail: "guests are not allowed here" };
    }
    if (this.#desk.rules.lockdown >= 2) {
      return { code: "LOCKDOWN", detail: "guests are not let in for now" };
    }
    const check = checkGuestKey(key);
    return check.ok ? undefined : { code: "INVALID_PACKET", detail: check.reason };
  }

  #waitOf(address: string, { credential }: LoginRequest): Refused | undefined {
    const { passwordUses, clock } = this.#desk;
    const nowMs = clock.monotonicMs();
    const retryAfterMs =
      credential.case === "resumeToken"
        ? this.#wrongTokens.waitMs(address, nowMs)
        : passwordUses.take(address, nowMs);
    return retryAfterMs > 0 ? { code: "RATE_LIMITED", detail: "too many logins", retryAfterMs } : undefined;
  }

  async #identify(address: string, body: LoginRequest): Promise<Admission | Refused> {
    const { credential, name, label } = body;
    const visitor = { address, label };
    const key = checkUserName(name);
    switch (credential.case) {
      case "resumeToken": {
        const outcome = await this.credentials.byToken(credential.value, visitor);
        if (isRefused(outcome) && outcome.code === "TOKEN_INVALID") {
          this.#wrongTokens.take(address, this.#desk.clock.monotonicMs());
        }
        return outcome;
      }
      case "jwt":
        return this.credentials.byJwt(credential.value, visitor);
      case "guestKey":
        return this.credentials.byGuestKey(name, key.ok ? key.key : "", credential.value);
      case "password":
        return this.credentials.byPassword(key.ok ? key.key : "", credential.value, visitor);
      case undefined:
        return { code: "INVALID_PACKET", detail: "there is no password, key or token" };
    }
  }

  #finish(session: GateSession, body: LoginRequest, outcome: Admission | Refused): void {
    const isWaiting = session.state === "authenticating";
    if (isRefused(outcome)) {
      if (!isWaiting) return;
      session.endAttempt();
      refuseRequest(session, { type: PacketType.LOGIN_REQUEST, body }, outcome);
    } else if (isWaiting && session.link.isOpen) {
      const { requestId, lobby } = body;
      session.signIn(requestId, outcome, lobby === undefined ? undefined : roomPosition(lobby));
    } else {
      this.withdraw(outcome);
    }
  }

  /** The login came to nothing: a token that was issued for it is nobody's. */
  withdraw({ user, issued }: Admission): void {
    if (issued !== undefined) this.credentials.tokens.withdraw(user.id, issued.id);
  }
}
