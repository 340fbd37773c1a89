import { hash } from "node:crypto";
import { checkUserName } from "../../protocol/names.ts";
import { checkPassword } from "../../protocol/text.ts";
import type { UserIdentity } from "../hub/command.ts";
import type { UserId } from "../names.ts";
import type { Account } from "../store/store.ts";
import { BUSY_RETRY_MS } from "./attempts.ts";
import type { DeskContext } from "./desk-context.ts";
import { type ExternalUser, isSameJwt, JwtKeysError, type JwtSettings, JwtVerifier } from "./jwt.ts";
import { isRefused, type Refused } from "./refusals.ts";
import { banRefusal } from "./server-rules.ts";
import { type IssuedToken, SessionTokens } from "./session-tokens.ts";

/** Somebody whom the gate knows. */
export interface Admission {
  readonly user: UserIdentity;
  /** The token that was used or issued; 0: none. */
  readonly tokenId: number;
  /** One that the client does not have yet. */
  readonly issued: IssuedToken | undefined;
}

/** Where from, and what the client calls itself. */
export interface Visitor {
  readonly address: string;
  readonly label: string;
}

const wrongCredentials: Refused = { code: "AUTH_FAILED", detail: "name or password wrong" };
const wrongToken: Refused = { code: "TOKEN_INVALID", detail: "the token is wrong, expired or revoked" };
const nameTaken: Refused = { code: "NAME_TAKEN", detail: "the name is taken" };

/** Finds out who somebody is, by each kind of credential there is. */
export class Credentials {
  readonly tokens: SessionTokens;
  readonly #desk: DeskContext;
  #jwt: { readonly settings: JwtSettings; readonly verifier: JwtVerifier } | undefined;

  /** Throws GateSettingsError where `login.jwt` cannot be. */
  constructor(desk: DeskContext) {
    this.#desk = desk;
    this.tokens = new SessionTokens(desk);
    this.setJwt(desk.settings.login.jwt);
  }

  /** Whose tokens are taken from now on. Throws GateSettingsError, and keeps what it had. */
  setJwt(jwt: JwtSettings | undefined): void {
    if (isSameJwt(jwt, this.#jwt?.settings)) return;
    this.#jwt =
      jwt === undefined ? undefined : { settings: jwt, verifier: new JwtVerifier(jwt, this.#desk.clock) };
  }

  /** An unknown name costs the same as a wrong password, and is answered alike. */
  async byPassword(nameKey: string, given: string, visitor: Visitor): Promise<Admission | Refused> {
    const { store, hasher } = this.#desk;
    const password = checkPassword(given);
    if (!password.ok) return wrongCredentials; // no account has such a password
    const account = await store.ask("findAccount", { nameKey });
    if (account === undefined || account.passwordHash === "") {
      await hasher.verifyAbsent(password.password);
      return wrongCredentials;
    }
    const isRight = await hasher.verify(password.password, account.passwordHash);
    return isRight ? this.#admit(account, visitor) : wrongCredentials;
  }

  /** No hash of a password is computed: everybody may come back at once. */
  async byToken(token: Uint8Array, { address }: Visitor): Promise<Admission | Refused> {
    const used = await this.tokens.use(token, address);
    if (used === undefined) return wrongToken;
    const refused = this.#banOf(used.account);
    return refused ?? { user: identityOf(used.account), tokenId: used.tokenId, issued: undefined };
  }

  async byGuestKey(name: string, nameKey: string, key: Uint8Array): Promise<Admission | Refused> {
    const { store } = this.#desk;
    const id = guestId(key);
    const [account, sanction] = await Promise.all([
      store.ask("findAccount", { nameKey }),
      store.ask("findUserSanction", { userId: id }),
    ]);
    if (account !== undefined) return { code: "NAME_TAKEN", detail: "the name belongs to an account" };
    const { mutedUntilMs } = sanction;
    const user = { id, name, nameKey, displayName: "", isAdmin: false, mutedUntilMs };
    return this.#banOf(sanction) ?? { user, tokenId: 0, issued: undefined };
  }

  /** The account of another authority's user, made when there is none. */
  async byJwt(token: string, visitor: Visitor): Promise<Admission | Refused> {
    const user = await this.#verifyJwt(token);
    if (isRefused(user)) return user;
    const account = await this.#externalAccount(user);
    return isRefused(account) ? account : this.#admit(account, visitor);
  }

  async #verifyJwt(token: string): Promise<ExternalUser | Refused> {
    if (this.#jwt === undefined) {
      return { code: "TOKEN_INVALID", detail: "JSON Web Tokens are not taken here" };
    }
    try {
      return (await this.#jwt.verifier.verify(token)) ?? wrongToken;
    } catch (error) {
      if (!(error instanceof JwtKeysError)) throw error;
      this.#desk.log.error({ err: error }, "a JSON Web Token could not be checked");
      return {
        code: "SERVER_ERROR",
        detail: "the token could not be checked now",
        retryAfterMs: BUSY_RETRY_MS,
      };
    }
  }

  async #externalAccount({ externalId, name }: ExternalUser): Promise<Account | Refused> {
    const { store, clock, rules } = this.#desk;
    const known = await store.ask("findExternalAccount", { externalId });
    if (known !== undefined) return known;
    if (rules.lockdown >= 1) return { code: "LOCKDOWN", detail: "no new accounts are made for now" };
    const check = checkUserName(name);
    if (!check.ok) return { code: "NAME_INVALID", detail: check.reason };
    const made = await store.ask("createAccount", {
      name,
      nameKey: check.key,
      passwordHash: "",
      nowMs: clock.wallMs(),
      externalId,
    });
    if (made.created) this.#desk.counters.registrations++;
    // Also when it was not made: another session of the same user may have been first.
    return (await store.ask("findExternalAccount", { externalId })) ?? nameTaken;
  }

  async #admit(account: Account, { label, address }: Visitor): Promise<Admission | Refused> {
    const refused = this.#banOf(account);
    if (refused !== undefined) return refused;
    const issued = await this.tokens.issue(account.id, label, address);
    return { user: identityOf(account), tokenId: issued?.id ?? 0, issued };
  }

  #banOf({ bannedUntilMs, reason }: Pick<Account, "bannedUntilMs" | "reason">): Refused | undefined {
    return banRefusal(bannedUntilMs, reason, this.#desk.clock.wallMs(), "you are");
  }
}

function identityOf({ id, name, nameKey, displayName, isAdmin, mutedUntilMs }: Account): UserIdentity {
  return { id, name, nameKey, displayName, isAdmin, mutedUntilMs };
}

/** A guest's id: minus the first 48 bits of SHA-256 of the key. The key itself is kept nowhere. */
export function guestId(key: Uint8Array): UserId {
  const digest = hash("sha256", key, "buffer");
  return -Math.max(digest.readUIntBE(0, 6), 1);
}
