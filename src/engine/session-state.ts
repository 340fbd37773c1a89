import { assert } from "../base/assert.ts";

/**
 * The life of a session:
 *
 * - `connecting`: an outbound session whose connect is under way;
 * - `open`: receiving and sending;
 * - `draining`: no more frames are delivered; what is queued is still sent, then FIN;
 * - `closing`: operations cancelled, waiting for their terminal completions;
 * - `closed`: the descriptor is gone, `onDisconnected` was called, the slot is free again.
 */
export type SessionState = "connecting" | "open" | "draining" | "closing" | "closed";

/** The only transitions there are. */
const next: Readonly<Record<SessionState, readonly SessionState[]>> = {
  connecting: ["open", "closed"],
  open: ["draining", "closing"],
  draining: ["closing"],
  closing: ["closed"],
  closed: [],
};

export function assertTransition(from: SessionState, to: SessionState): void {
  assert(next[from].includes(to), `a session does not go from ${from} to ${to}`);
}
