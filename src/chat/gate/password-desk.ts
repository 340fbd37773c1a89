import { PacketType } from "../../protocol/codes.ts";
import type {
  ChangePasswordRequest,
  DeleteAccountRequest,
} from "../../protocol/generated/portico/v1/portico_pb.js";
import type { RequestPacketType } from "../../protocol/packets.ts";
import { checkPassword } from "../../protocol/text.ts";
import type { DeskContext } from "./desk-context.ts";
import type { GateSession } from "./gate-session.ts";
import { isRefused, refuseRequest, type Refused } from "./refusals.ts";

/** The request that a password came with. */
export interface PasswordPacket {
  readonly type: RequestPacketType;
  readonly body: { readonly requestId: number };
}

const guestsHaveNone: Refused = { code: "PERMISSION_DENIED", detail: "guests have no account" };
const noPassword: Refused = { code: "PERMISSION_DENIED", detail: "the account has no password" };
const wrongPassword: Refused = { code: "AUTH_FAILED", detail: "the password is wrong" };
const wrongRoomPassword: Refused = {
  code: "ROOM_PASSWORD_WRONG",
  detail: "the room asks for a password, and it is another",
};

/**
 * Does what has to do with passwords for users who are logged in: their account's, a room's, another
 * user's that an administrator sets. The hub sees hashes alone. Each use counts as a login attempt of
 * the address, so that a password is not found out by trying.
 */
export class PasswordDesk {
  readonly #desk: DeskContext;

  constructor(desk: DeskContext) {
    this.#desk = desk;
  }

  changePassword(session: GateSession, body: ChangePasswordRequest): Refused | undefined {
    const next = checkPassword(body.newPassword);
    if (!next.ok) return { code: "PASSWORD_INVALID", detail: next.reason };
    const packet = { type: PacketType.CHANGE_PASSWORD_REQUEST, body } as const;
    return this.#attempt(
      session,
      packet,
      async () =>
        (await this.#faultOfOwn(session, body.oldPassword)) ?? {
          hash: await this.#desk.hasher.hash(next.password),
        },
      ({ hash: passwordHash }) => {
        const { requestId } = body;
        session.request({ type: "changePassword", session: session.key, requestId, passwordHash });
      },
    );
  }

  deleteAccount(session: GateSession, body: DeleteAccountRequest): Refused | undefined {
    const packet = { type: PacketType.DELETE_ACCOUNT_REQUEST, body } as const;
    return this.#attempt(
      session,
      packet,
      async () => (await this.#faultOfOwn(session, body.password)) ?? {},
      () => session.request({ type: "deleteAccount", session: session.key, requestId: body.requestId }),
    );
  }

  /** Hashes a new password that came with a request, and goes on with the hash. */
  withHash(
    session: GateSession,
    packet: PasswordPacket,
    password: string,
    proceed: (passwordHash: string) => void,
  ): Refused | undefined {
    const check = checkPassword(password);
    if (!check.ok) return { code: "PASSWORD_INVALID", detail: check.reason };
    return this.#attempt(
      session,
      packet,
      async () => ({ hash: await this.#desk.hasher.hash(check.password) }),
      ({ hash }) => proceed(hash),
    );
  }

  /** Compares what was given for a room with its hash, and goes on when it is the room's password. */
  proveRoomPassword(
    session: GateSession,
    packet: PasswordPacket,
    given: string,
    passwordHash: string,
    proceed: () => void,
  ): Refused | undefined {
    return this.#attempt(
      session,
      packet,
      async () => {
        const check = checkPassword(given);
        if (!check.ok) return wrongRoomPassword; // no room has such a password
        const isRight = await this.#desk.hasher.verify(check.password, passwordHash);
        return isRight ? {} : wrongRoomPassword;
      },
      proceed,
    );
  }

  #attempt<Found extends object>(
    session: GateSession,
    packet: PasswordPacket,
    work: () => Promise<Found | Refused>,
    proceed: (found: Found) => void,
  ): Refused | undefined {
    const { attempts, passwordUses, clock } = this.#desk;
    const obstacle = attempts.obstacle();
    if (obstacle !== undefined) return obstacle;
    const retryAfterMs = passwordUses.take(session.address, clock.monotonicMs());
    if (retryAfterMs > 0) return { code: "RATE_LIMITED", detail: "too many uses of passwords", retryAfterMs };
    attempts.start(work, (outcome) => {
      if (session.state !== "signedIn") return;
      if (isRefused(outcome)) refuseRequest(session, packet, outcome);
      else proceed(outcome);
    });
    return undefined;
  }

  /** What is wrong with the password that a user gave as the own one. */
  async #faultOfOwn(session: GateSession, given: string): Promise<Refused | undefined> {
    const { store, hasher } = this.#desk;
    const id = session.user?.id ?? 0;
    if (id <= 0) return guestsHaveNone;
    const account = await store.ask("findAccountById", { id });
    if (account === undefined || account.passwordHash === "") return noPassword;
    const check = checkPassword(given);
    if (!check.ok) return wrongPassword; // no account has such a password
    return (await hasher.verify(check.password, account.passwordHash)) ? undefined : wrongPassword;
  }
}
