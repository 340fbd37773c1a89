import type { StoreRequestName, StoreRequests } from "./store.ts";

/**
 * A request as the database takes it: with an epoch for the room that it may make. Throws RangeError for
 * a limit that is no whole number or below 0, which SQLite would take for none at all.
 */
export function prepareRequest<Name extends StoreRequestName>(
  name: Name,
  request: StoreRequests[Name]["request"],
  newEpoch: () => string,
): StoreRequests[Name]["request"] {
  if ("limit" in request && (!Number.isSafeInteger(request.limit) || request.limit < 0)) {
    throw new RangeError(`limit must be a whole number not below 0, got ${request.limit}`);
  }
  return name === "openRoom" || name === "createRoom" ? { epoch: newEpoch(), ...request } : request;
}
