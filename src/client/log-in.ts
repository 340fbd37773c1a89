import { PacketType } from "../protocol/codes.ts";
import type { LoginResponse, RoomPosition } from "../protocol/generated/portico/v1/portico_pb.js";
import type { PlainMessage } from "../protocol/packets.ts";
import { ChatError } from "./chat-error.ts";
import { bytesOfHex } from "./hex.ts";
import type { RequestFields, ServerLink } from "./server-link.ts";

/** The version of the protocol that this client speaks. */
export const PROTOCOL_VERSION = 1;

/** Who the user is. */
export type Credentials =
  /** An account. With a `token` of an earlier login that is tried first. */
  | { readonly name: string; readonly password: string; readonly token?: string }
  /** A guest: at least 16 secret bytes; the same bytes are the same guest. */
  | { readonly name: string; readonly guestKey: Uint8Array }
  /** The device of an account that logged in before: what a `token` event brought, hexadecimal digits. */
  | { readonly name?: string; readonly token: string }
  /** A JSON Web Token of an authority that the server trusts. */
  | { readonly name?: string; readonly jwt: string; readonly token?: string };

/** What is known about whether the account has been made. */
export type Registration =
  | "none"
  | "wanted"
  /** It was asked for and the connection ended before the answer: the account may exist by now. */
  | "uncertain"
  | "done";

/** What a login says. */
export interface LoginAttempt {
  readonly credentials: Credentials;
  /** Tried before the password; undefined: there is none. */
  readonly token: string | undefined;
  /** Called when the server does not take the token (TOKEN_INVALID): it is of no use any more. */
  readonly onTokenInvalid: () => void;
  readonly registration: { state: Registration };
  readonly invitationCode: string;
  readonly label: string;
  /** Where the client left the lobby. */
  readonly lobby: PlainMessage<RoomPosition> | undefined;
  readonly timeoutMs: number;
}

type Answer = (answer: LoginResponse | ChatError) => void;
type Credential = NonNullable<RequestFields<PacketType.LOGIN_REQUEST>["credential"]>;

/** Logs in on a link, after registering if that is wanted. `answer` is called once. */
export function logIn(link: ServerLink, attempt: LoginAttempt, answer: Answer): void {
  const { credentials, registration, timeoutMs, invitationCode } = attempt;
  if (registration.state === "none" || registration.state === "done") {
    sendLogin(link, attempt, answer);
    return;
  }
  const wasUncertain = registration.state === "uncertain";
  const name = credentials.name ?? "";
  const password = "password" in credentials ? credentials.password : "";
  registration.state = "uncertain";
  const fields = { name, password, invitationCode };
  link.request(PacketType.REGISTER_REQUEST, fields, timeoutMs, (registered) => {
    if (!(registered instanceof ChatError)) {
      registration.state = "done";
      sendLogin(link, attempt, answer);
    } else if (registered.code === "NAME_TAKEN" && wasUncertain) {
      // Perhaps taken by ourselves, on the connection that broke: then the password is right.
      sendLogin(link, attempt, (loggedIn) => {
        const isOther = loggedIn instanceof ChatError && loggedIn.code === "AUTH_FAILED";
        if (!(loggedIn instanceof ChatError)) registration.state = "done";
        answer(isOther ? registered : loggedIn);
      });
    } else {
      answer(registered);
    }
  });
}

function sendLogin(link: ServerLink, attempt: LoginAttempt, answer: Answer): void {
  const { credentials, token, label, lobby, timeoutMs } = attempt;
  const common = { protocolVersion: PROTOCOL_VERSION, name: credentials.name ?? "", label, lobby };
  const send = (credential: Credential, onAnswer: Answer): void =>
    link.request(PacketType.LOGIN_REQUEST, { ...common, credential }, timeoutMs, onAnswer);
  const lasting = lastingCredential(credentials);
  if (token === undefined) {
    send(lasting ?? { case: "resumeToken", value: new Uint8Array() }, answer);
    return;
  }
  send({ case: "resumeToken", value: bytesOfHex(token) }, (loggedIn) => {
    const isTokenInvalid = loggedIn instanceof ChatError && loggedIn.code === "TOKEN_INVALID";
    if (isTokenInvalid) attempt.onTokenInvalid();
    if (isTokenInvalid && lasting !== undefined) send(lasting, answer);
    else answer(loggedIn);
  });
}

/** What the user can log in with when there is no token. */
function lastingCredential(credentials: Credentials): Credential | undefined {
  if ("password" in credentials) return { case: "password", value: credentials.password };
  if ("guestKey" in credentials) return { case: "guestKey", value: credentials.guestKey };
  return "jwt" in credentials ? { case: "jwt", value: credentials.jwt } : undefined;
}
