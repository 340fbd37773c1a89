import { PacketType } from "../protocol/codes.ts";
import type { TokenInfo as WireToken } from "../protocol/generated/portico/v1/portico_pb.js";
import { ClientRequests } from "./client-requests.ts";
import type { RequestOptions } from "./promise-with-signal.ts";

/** A device that may come back without the password. Times: milliseconds since 1970-01-01 UTC. */
export interface TokenInfo {
  readonly tokenId: number;
  /** What the client called itself at login. */
  readonly label: string;
  readonly createdMs: number;
  readonly lastUsedMs: number;
  readonly expiresMs: number;
  /** The address it was last used from. */
  readonly address: string;
  /** The one of this session. */
  readonly isCurrent: boolean;
}

/** The user's own account: a part of ChatClient. Guests are refused with PERMISSION_DENIED. */
export abstract class AccountApi extends ClientRequests {
  /** Kept for the next login of this client. */
  protected abstract onPasswordChanged(password: string): void;

  /** Ends the user's other sessions, and revokes every token but this session's. AUTH_FAILED, PASSWORD_INVALID. */
  changePassword(oldPassword: string, newPassword: string, options: RequestOptions = {}): Promise<void> {
    return this.ask(PacketType.CHANGE_PASSWORD_REQUEST, { oldPassword, newPassword }, options, () =>
      this.onPasswordChanged(newPassword),
    );
  }

  /** How the user is shown beside the name; empty: no more than the name. */
  setDisplayName(displayName: string, options: RequestOptions = {}): Promise<void> {
    return this.ask(PacketType.SET_DISPLAY_NAME_REQUEST, { displayName }, options, nothing);
  }

  /** Ends the account for ever; the session ends with ACCOUNT_DELETED. What the user said stays, without the name. */
  deleteAccount(password: string, options: RequestOptions = {}): Promise<void> {
    return this.ask(PacketType.DELETE_ACCOUNT_REQUEST, { password }, options, nothing);
  }

  /** The devices that may log in with a token. */
  tokens(options: RequestOptions = {}): Promise<readonly TokenInfo[]> {
    return this.ask(PacketType.TOKEN_LIST_REQUEST, {}, options, ({ tokens }) => tokens.map(tokenInfo));
  }

  /** Ends the sessions that came with the token ("others": all but this session's). Resolves with how many tokens were revoked. */
  revokeToken(tokenId: number | "others", options: RequestOptions = {}): Promise<number> {
    const fields = { tokenId: tokenId === "others" ? 0 : tokenId };
    return this.ask(PacketType.REVOKE_TOKEN_REQUEST, fields, options, ({ revokedCount }) => revokedCount);
  }

  /** Takes no whispers of this user any more: the sender is told BLOCKED. */
  block(name: string, options: RequestOptions = {}): Promise<void> {
    return this.ask(PacketType.BLOCK_USER_REQUEST, { name, blocked: true }, options, nothing);
  }

  /** Takes them again. */
  unblock(name: string, options: RequestOptions = {}): Promise<void> {
    return this.ask(PacketType.BLOCK_USER_REQUEST, { name, blocked: false }, options, nothing);
  }

  /** The users that are blocked. */
  blocks(options: RequestOptions = {}): Promise<readonly string[]> {
    return this.ask(PacketType.BLOCK_LIST_REQUEST, {}, options, ({ names }) => names);
  }
}

function tokenInfo(token: WireToken): TokenInfo {
  const { tokenId, label, createdMs, lastUsedMs, expiresMs, address, current } = token;
  return {
    tokenId: Number(tokenId),
    label,
    createdMs: Number(createdMs),
    lastUsedMs: Number(lastUsedMs),
    expiresMs: Number(expiresMs),
    address,
    isCurrent: current,
  };
}

/** Of a response that says no more than that it was done. */
function nothing(): void {}
