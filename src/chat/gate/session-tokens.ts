import { hash } from "node:crypto";
import type { UserId } from "../names.ts";
import type { StoreRequests } from "../store/store.ts";
import type { DeskContext } from "./desk-context.ts";

const TOKEN_BYTES = 32;

/** A resume token as its owner gets it, once. */
export interface IssuedToken {
  readonly id: number;
  readonly token: Uint8Array;
  readonly expiresMs: number;
}

/** Resume tokens: random bytes for the client, of which the store keeps a hash only. */
export class SessionTokens {
  readonly #desk: DeskContext;

  constructor(desk: DeskContext) {
    this.#desk = desk;
  }

  /** A new one for an account; undefined where tokens are not given. */
  async issue(userId: UserId, label: string, address: string): Promise<IssuedToken | undefined> {
    const { store, clock, random, settings } = this.#desk;
    const { tokenLifetimeMs, tokensPerUser: keep } = settings.login;
    if (tokenLifetimeMs === 0) return undefined;
    const token = random.bytes(TOKEN_BYTES);
    const nowMs = clock.wallMs();
    const expiresMs = nowMs + tokenLifetimeMs;
    const kept = { userId, hash: tokenHash(token), label, address, nowMs, expiresMs, keep };
    const id = await store.ask("createToken", kept);
    // 0: the account was deleted meanwhile, and the hub will say so.
    return id === 0 ? undefined : { id, token, expiresMs };
  }

  /** Whose it is, its use noted; undefined when it is no token, or not any more. */
  async use(token: Uint8Array, address: string): Promise<StoreRequests["useToken"]["result"]> {
    if (token.length !== TOKEN_BYTES) return undefined;
    const { store, clock } = this.#desk;
    return store.ask("useToken", { hash: tokenHash(token), address, nowMs: clock.wallMs() });
  }

  /** Takes back one that its owner never got. */
  withdraw(userId: UserId, tokenId: number): void {
    const { store, log } = this.#desk;
    store.ask("revokeTokens", { userId, tokenId, exceptId: 0 }).catch((error: unknown) => {
      log.warn({ err: error, user: userId }, "a token that nobody got could not be revoked; it expires");
    });
  }
}

/** What is kept of a token: SHA-256 in hexadecimal. */
export function tokenHash(token: Uint8Array): string {
  return hash("sha256", token, "hex");
}
