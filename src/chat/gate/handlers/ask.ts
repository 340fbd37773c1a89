import type { RequestName, RequestOf, Requests } from "../../hub/command.ts";
import type { GateSession } from "../gate-session.ts";

/** Asks something of the hub for a session. Returns undefined: the request is not refused here. */
export function ask<Name extends RequestName>(
  session: GateSession,
  type: Name,
  requestId: number,
  fields: Requests[Name],
): undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fields of one name are those of its request
  session.request({ type, session: session.key, requestId, ...fields } as unknown as RequestOf<Name>);
}
