import { PacketType } from "../protocol/codes.ts";
import type { LoginResponse } from "../protocol/generated/portico/v1/portico_pb.js";
import { ChatError } from "./chat-error.ts";
import type { ServerLink } from "./server-link.ts";

/** The version of the protocol that this client speaks. */
export const PROTOCOL_VERSION = 1;

/** Who the user is. */
export type Credentials =
  | { readonly name: string; readonly password: string }
  /** A guest: at least 16 secret bytes; the same bytes are the same guest. */
  | { readonly name: string; readonly guestKey: Uint8Array };

/** What is known about whether the account has been made. */
export type Registration =
  | "none"
  | "wanted"
  /** It was asked for and the connection ended before the answer: the account may exist by now. */
  | "uncertain"
  | "done";

/** Logs in on a link, after registering if that is wanted. `answer` is called once. */
export function logIn(
  link: ServerLink,
  credentials: Credentials,
  registration: { state: Registration },
  timeoutMs: number,
  answer: (answer: LoginResponse | ChatError) => void,
): void {
  if (registration.state === "none" || registration.state === "done") {
    sendLogin(link, credentials, timeoutMs, answer);
    return;
  }
  const wasUncertain = registration.state === "uncertain";
  const { name } = credentials;
  const password = "password" in credentials ? credentials.password : "";
  registration.state = "uncertain";
  link.request(PacketType.REGISTER_REQUEST, { name, password }, timeoutMs, (registered) => {
    if (!(registered instanceof ChatError)) {
      registration.state = "done";
      sendLogin(link, credentials, timeoutMs, answer);
    } else if (registered.code === "NAME_TAKEN" && wasUncertain) {
      // Perhaps taken by ourselves, on the connection that broke: then the password is right.
      sendLogin(link, credentials, timeoutMs, (loggedIn) => {
        const isOther = loggedIn instanceof ChatError && loggedIn.code === "AUTH_FAILED";
        if (!(loggedIn instanceof ChatError)) registration.state = "done";
        answer(isOther ? registered : loggedIn);
      });
    } else {
      answer(registered);
    }
  });
}

function sendLogin(
  link: ServerLink,
  credentials: Credentials,
  timeoutMs: number,
  answer: (answer: LoginResponse | ChatError) => void,
): void {
  const credential =
    "password" in credentials
      ? { case: "password" as const, value: credentials.password }
      : { case: "guestKey" as const, value: credentials.guestKey };
  const fields = { protocolVersion: PROTOCOL_VERSION, name: credentials.name, credential };
  link.request(PacketType.LOGIN_REQUEST, fields, timeoutMs, answer);
}
