import { BUSY_RETRY_MS } from "./attempts.ts";
import type { DeskContext } from "./desk-context.ts";
import type { GateSession } from "./gate-session.ts";
import type { Refused } from "./refusals.ts";

const loggedIn: Refused = { code: "ALREADY_LOGGED_IN", detail: "this session has logged in before" };
const underWay: Refused = {
  code: "BUSY",
  detail: "another attempt of this session is under way",
  retryAfterMs: BUSY_RETRY_MS,
};
const stopping: Refused = { code: "BUSY", detail: "the server is stopping", retryAfterMs: BUSY_RETRY_MS };

/** Why the session cannot register or log in now, whatever it says. */
export function attemptObstacle(session: GateSession, desk: DeskContext): Refused | undefined {
  switch (session.state) {
    case "signedIn":
      return loggedIn;
    case "authenticating":
    case "signingIn":
      return underWay;
    case "anonymous":
    case "ended":
      break;
  }
  if (session.context.isStopping) return stopping;
  return desk.rules.banRefusal(session.address, desk.clock.wallMs()) ?? desk.attempts.obstacle();
}
