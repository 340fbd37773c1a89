import { hash } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { ErrorCode, PacketType } from "../../protocol/codes.ts";
import type { LoginRequest, RegisterRequest } from "../../protocol/generated/portico/v1/portico_pb.js";
import { checkUserName } from "../../protocol/names.ts";
import { checkGuestKey, checkPassword } from "../../protocol/text.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import type { UserId } from "../names.ts";
import { StoreError, type Store } from "../store/store.ts";
import { AddressRate } from "./address-rate.ts";
import type { GateCounters } from "./gate-counters.ts";
import type { GateSession } from "./gate-session.ts";
import type { GateSettings } from "./gate-settings.ts";
import { PasswordBusyError, type PasswordHasher } from "./password.ts";
import { refuseRequest, type RefusalCode } from "./refusals.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** How long a client is told to wait when this server has too much to do. */
const BUSY_RETRY_MS = 1000;

export interface LoginDeskOptions {
  readonly settings: GateSettings;
  readonly store: Pick<Store, "createAccount" | "findAccount">;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
  readonly counters: GateCounters;
  readonly log: Logger;
}

/** How an attempt ends that is not a login. */
interface Refused {
  readonly code: RefusalCode;
  readonly detail: string;
  readonly retryAfterMs?: number;
}

const wrongCredentials: Refused = { code: "AUTH_FAILED", detail: "name or password wrong" };

/**
 * Registers accounts and finds out who somebody is: name and password, or a guest's key. One attempt at
 * a time for each session, so many at once in all, so many a minute for each address. While an attempt
 * waits for the store or for a password to be hashed the session may end: then nothing more is done.
 */
export class LoginDesk {
  readonly #options: LoginDeskOptions;
  readonly #logins: AddressRate;
  readonly #registrations: AddressRate;
  #attemptCount = 0;

  constructor(options: LoginDeskOptions) {
    this.#options = options;
    const { rates } = options.settings;
    this.#logins = new AddressRate(rates.loginsPerMinutePerAddress, MINUTE_MS);
    this.#registrations = new AddressRate(rates.registrationsPerHourPerAddress, HOUR_MS);
  }

  /** Attempts that wait for the store or for a hash. */
  get attemptCount(): number {
    return this.#attemptCount;
  }

  register(session: GateSession, body: RegisterRequest): void {
    const packet = { type: PacketType.REGISTER_REQUEST, body } as const;
    const refuse = ({ code, detail, retryAfterMs }: Refused): void =>
      refuseRequest(session, packet, code, detail, retryAfterMs);
    const blocked = this.#blockOf(session);
    if (blocked !== undefined) return refuse(blocked);
    if (!this.#options.settings.login.registration) {
      return refuse({ code: "REGISTRATION_CLOSED", detail: "new accounts are not allowed here" });
    }
    const name = checkUserName(body.name);
    if (!name.ok) return refuse({ code: "NAME_INVALID", detail: name.reason });
    const password = checkPassword(body.password);
    if (!password.ok) return refuse({ code: "PASSWORD_INVALID", detail: password.reason });
    const waitMs = this.#registrations.take(session.address, this.#options.clock.monotonicMs());
    if (waitMs > 0) {
      return refuse({ code: "RATE_LIMITED", detail: "too many registrations", retryAfterMs: waitMs });
    }
    void this.#attempt(session, refuse, async () => {
      const refused = await this.#createAccount(body.name, name.key, password.password);
      if (session.state !== "authenticating") return;
      session.endAttempt();
      if (refused === undefined) {
        this.#options.counters.registrations++;
        session.send(PacketType.REGISTER_RESPONSE, { requestId: body.requestId, code: ErrorCode.OK });
      } else {
        refuse(refused);
      }
    });
  }

  login(session: GateSession, body: LoginRequest): void {
    const packet = { type: PacketType.LOGIN_REQUEST, body } as const;
    const refuse = ({ code, detail, retryAfterMs }: Refused): void =>
      refuseRequest(session, packet, code, detail, retryAfterMs);
    const blocked = this.#blockOf(session);
    if (blocked !== undefined) return refuse(blocked);
    if (body.protocolVersion !== PROTOCOL_VERSION) {
      const detail = `this server speaks version ${PROTOCOL_VERSION} of the protocol`;
      return refuse({ code: "VERSION_UNSUPPORTED", detail });
    }
    const name = checkUserName(body.name);
    if (!name.ok) return refuse({ code: "NAME_INVALID", detail: name.reason });
    const { credential } = body;
    if (credential.case === "guestKey") {
      if (!this.#options.settings.login.guests) {
        return refuse({ code: "GUESTS_NOT_ALLOWED", detail: "guests are not allowed here" });
      }
      const check = checkGuestKey(credential.value);
      if (!check.ok) return refuse({ code: "INVALID_PACKET", detail: check.reason });
    } else if (credential.case === undefined) {
      return refuse({ code: "INVALID_PACKET", detail: "there is neither a password nor a guest key" });
    }
    const waitMs = this.#logins.take(session.address, this.#options.clock.monotonicMs());
    if (waitMs > 0) return refuse({ code: "RATE_LIMITED", detail: "too many logins", retryAfterMs: waitMs });
    void this.#attempt(session, refuse, async () => {
      const found =
        credential.case === "guestKey"
          ? await this.#admitGuest(body.name, name.key, credential.value)
          : await this.#checkAccount(name.key, credential.value);
      if (session.state !== "authenticating") return;
      if ("code" in found) {
        session.endAttempt();
        refuse(found);
      } else {
        session.signIn(body.requestId, { id: found.id, name: found.name, nameKey: name.key });
      }
    });
  }

  /** Why the session cannot make an attempt now. */
  #blockOf(session: GateSession): Refused | undefined {
    switch (session.state) {
      case "signedIn":
        return { code: "ALREADY_LOGGED_IN", detail: "this session has logged in before" };
      case "authenticating":
      case "signingIn":
        return {
          code: "BUSY",
          detail: "another attempt of this session is under way",
          retryAfterMs: BUSY_RETRY_MS,
        };
      case "anonymous":
      case "ended":
        break;
    }
    if (session.context.isStopping) {
      return { code: "BUSY", detail: "the server is stopping", retryAfterMs: BUSY_RETRY_MS };
    }
    if (this.#attemptCount >= this.#options.settings.login.attemptsAtOnce) {
      return { code: "BUSY", detail: "too many logins are under way", retryAfterMs: BUSY_RETRY_MS };
    }
    return undefined;
  }

  async #attempt(
    session: GateSession,
    refuse: (refused: Refused) => void,
    run: () => Promise<void>,
  ): Promise<void> {
    session.beginAttempt();
    this.#attemptCount++;
    try {
      await run();
    } catch (error) {
      const isBusy =
        error instanceof PasswordBusyError || (error instanceof StoreError && error.code === "STORE_BUSY");
      if (!isBusy) this.#options.log.error({ err: error }, "a login or registration failed");
      if (session.state === "authenticating") {
        session.endAttempt();
        const detail = "this could not be done now";
        refuse({ code: isBusy ? "BUSY" : "SERVER_ERROR", detail, retryAfterMs: BUSY_RETRY_MS });
      }
    } finally {
      this.#attemptCount--;
    }
  }

  async #createAccount(name: string, nameKey: string, password: string): Promise<Refused | undefined> {
    const { store, hasher, clock } = this.#options;
    const taken: Refused = { code: "NAME_TAKEN", detail: "the name is taken" };
    // Hashing is dear: a name that is taken already need not cost it.
    if ((await store.findAccount(nameKey)) !== undefined) return taken;
    const passwordHash = await hasher.hash(password);
    const answer = await store.createAccount({ name, nameKey, passwordHash, nowMs: clock.wallMs() });
    return answer.created ? undefined : taken;
  }

  /** An unknown name costs the same as a wrong password, and is answered alike. */
  async #checkAccount(nameKey: string, given: string): Promise<Refused | { id: UserId; name: string }> {
    const { store, hasher } = this.#options;
    const password = checkPassword(given);
    if (!password.ok) return wrongCredentials; // no account has such a password
    const account = await store.findAccount(nameKey);
    if (account === undefined) {
      await hasher.verifyAbsent(password.password);
      return wrongCredentials;
    }
    const isRight = await hasher.verify(password.password, account.passwordHash);
    return isRight ? { id: account.id, name: account.name } : wrongCredentials;
  }

  async #admitGuest(
    name: string,
    nameKey: string,
    key: Uint8Array,
  ): Promise<Refused | { id: UserId; name: string }> {
    if ((await this.#options.store.findAccount(nameKey)) !== undefined) {
      return { code: "NAME_TAKEN", detail: "the name belongs to an account" };
    }
    return { id: guestId(key), name };
  }
}

/** A guest's id: minus the first 48 bits of SHA-256 of the key. The key itself is kept nowhere. */
export function guestId(key: Uint8Array): UserId {
  const digest = hash("sha256", key, "buffer");
  return -Math.max(digest.readUIntBE(0, 6), 1);
}
