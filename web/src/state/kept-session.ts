import { bytesOfHex, hexOf } from "../../../src/client/hex.ts";
import type { PageHost, TextStore } from "./page-host.ts";

/** How the page gets in again without asking. */
export type KeptSession =
  | { readonly kind: "token"; readonly name: string; readonly token: string }
  | { readonly kind: "guest"; readonly name: string; readonly key: Uint8Array };

const SESSION = "portico.session";
const LAST_NAME = "portico.name";
const GUEST_KEY_BYTES = 32;

/**
 * The session that is kept on this device or in this tab. The tab's own comes first, so that a tab stays
 * with its user when another tab signs in as somebody else; a new tab takes the device's.
 */
export class SessionKeep {
  readonly #host: PageHost;

  constructor(host: PageHost) {
    this.#host = host;
  }

  get lastName(): string {
    return this.#host.lasting.get(LAST_NAME) ?? "";
  }

  read(): KeptSession | undefined {
    return parse(this.#host.ofTab.get(SESSION)) ?? parse(this.#host.lasting.get(SESSION));
  }

  /** `isLasting`: over the end of the tab. */
  keep(session: KeptSession, isLasting: boolean): void {
    const json =
      session.kind === "token"
        ? JSON.stringify({ name: session.name, token: session.token })
        : JSON.stringify({ name: session.name, guestKey: hexOf(session.key) });
    this.#host.ofTab.set(SESSION, json);
    if (!isLasting) return;
    this.#host.lasting.set(SESSION, json);
    this.#host.lasting.set(LAST_NAME, session.name);
  }

  /** Whether this token would survive the tab: it is the device's. */
  isLasting(token: string): boolean {
    const kept = parse(this.#host.lasting.get(SESSION));
    return kept?.kind === "token" && kept.token === token;
  }

  /** The session is over: the tab's, and the device's if that is the same. */
  forget(): void {
    const own = this.#host.ofTab.get(SESSION);
    this.#host.ofTab.set(SESSION, undefined);
    forgetIfSame(this.#host.lasting, own);
  }

  newGuestKey(): Uint8Array {
    return this.#host.environment.random.bytes(GUEST_KEY_BYTES);
  }
}

function forgetIfSame(store: TextStore, json: string | undefined): void {
  const kept = store.get(SESSION);
  if (kept === undefined) return;
  const own = parse(json);
  const other = parse(kept);
  const isSame =
    own === undefined || (own.kind === "token" && other?.kind === "token" && own.token === other.token);
  if (isSame) store.set(SESSION, undefined);
}

/** What others may have written there is checked before it is used. */
function parse(json: string | undefined): KeptSession | undefined {
  if (json === undefined) return undefined;
  try {
    const stored: unknown = JSON.parse(json);
    if (typeof stored !== "object" || stored === null) return undefined;
    const { name, token, guestKey } = stored as Partial<Record<string, unknown>>;
    if (typeof name !== "string") return undefined;
    if (typeof token === "string") {
      bytesOfHex(token);
      return { kind: "token", name, token };
    }
    if (typeof guestKey === "string") return { kind: "guest", name, key: bytesOfHex(guestKey) };
  } catch {
    return undefined; // not ours, or cut off: as if there were none
  }
  return undefined;
}
