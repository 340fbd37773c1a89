import { assert } from "../../base/assert.ts";

/**
 * Who a connection is:
 *
 * - `anonymous`: nobody yet;
 * - `authenticating`: one attempt to register or log in is under way here (store, password hash);
 * - `signingIn`: the user is known, the hub has been asked to let them in;
 * - `signedIn`: a user of the chat;
 * - `ended`: no requests are taken and nothing is said any more; the connection is closing or closed.
 */
export type GateSessionState = "anonymous" | "authenticating" | "signingIn" | "signedIn" | "ended";

/** The only transitions there are. */
const next: Readonly<Record<GateSessionState, readonly GateSessionState[]>> = {
  anonymous: ["authenticating", "ended"],
  authenticating: ["anonymous", "signingIn", "ended"],
  signingIn: ["anonymous", "signedIn", "ended"],
  signedIn: ["ended"],
  ended: [],
};

export function assertGateTransition(from: GateSessionState, to: GateSessionState): void {
  assert(next[from].includes(to), `a session of the gate does not go from ${from} to ${to}`);
}
