import { assert } from "../base/assert.ts";
import type { AcceptEvents, PortSocket } from "./completion-port.ts";

/** A socket that knows whether anybody has taken charge of it. */
export interface AcceptedSocket extends PortSocket {
  /** False until `open` or `close` was called. */
  readonly isClaimed: boolean;
}

/**
 * Gives a listener's events an accepted socket. One that is neither opened nor closed by the end of the
 * turn is closed, and the mistake thrown: it would keep its descriptor and slot for ever.
 */
export function offerAccepted(
  events: AcceptEvents,
  socket: AcceptedSocket,
  host: { atTurnEnd(task: () => void): void },
): void {
  events.onAccepted(socket);
  if (socket.isClaimed) return;
  host.atTurnEnd(() => {
    if (socket.isClaimed) return;
    socket.close();
    assert(false, "onAccepted opens or closes its socket before the turn ends");
  });
}
