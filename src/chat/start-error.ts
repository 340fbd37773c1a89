import {
  AddressError,
  BackendUnavailableError,
  formatSocketAddress,
  PortError,
  type SocketAddress,
} from "../engine/index.ts";
import { GateSettingsError } from "./gate/gate-settings.ts";
import { StoreError } from "./store/store.ts";

export type StartErrorCode =
  | "ADDRESS_IN_USE"
  | "ADDRESS_DENIED"
  | "ADDRESS_UNAVAILABLE"
  | "LISTEN_FAILED"
  | "BACKEND_UNAVAILABLE"
  /** The data directory cannot be made, read or written. */
  | "DATA_UNUSABLE"
  /** Another process works with the data. */
  | "DATA_LOCKED"
  /** The data was written by a newer version. */
  | "DATA_TOO_NEW"
  | "BAD_SETTING";

/** Why a server did not start: one line for whoever started it. What had been opened is closed again. */
export class StartError extends Error {
  readonly code: StartErrorCode;
  constructor(code: StartErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartError";
    this.code = code;
  }
}

/** The StartError for what went wrong while a server started; anything else is a bug and stays what it is. */
export function startErrorOf(error: unknown): unknown {
  if (error instanceof StoreError) {
    const code =
      error.code === "STORE_LOCKED"
        ? "DATA_LOCKED"
        : error.code === "STORE_TOO_NEW"
          ? "DATA_TOO_NEW"
          : "DATA_UNUSABLE";
    return new StartError(code, error.message, { cause: error });
  }
  if (error instanceof BackendUnavailableError) {
    return new StartError("BACKEND_UNAVAILABLE", error.message, { cause: error });
  }
  // The hub's options and the session pool say with a RangeError which number cannot be.
  if (error instanceof GateSettingsError || error instanceof AddressError || error instanceof RangeError) {
    return new StartError("BAD_SETTING", error.message, { cause: error });
  }
  return error;
}

/** The StartError for a listen that failed. `what` is what would have listened: "packets", "HTTP". */
export function listenErrorOf(error: unknown, what: string, address: SocketAddress): unknown {
  const errnoName = codeOf(error);
  if (errnoName === undefined) return error;
  const where = `${what} cannot listen on ${formatSocketAddress(address)}`;
  const options = { cause: error };
  switch (errnoName) {
    case "EADDRINUSE":
      return new StartError("ADDRESS_IN_USE", `${where}: the port is in use by another program`, options);
    case "EACCES":
    case "EPERM":
      return new StartError(
        "ADDRESS_DENIED",
        `${where}: not allowed (ports below 1024 need privileges)`,
        options,
      );
    case "EADDRNOTAVAIL":
      return new StartError(
        "ADDRESS_UNAVAILABLE",
        `${where}: this machine does not have that address`,
        options,
      );
    default:
      return new StartError("LISTEN_FAILED", `${where}: ${errnoName}`, options);
  }
}

/** The errno name of a PortError, or of an error of Node's own. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof PortError) return error.code;
  if (error instanceof Error && "syscall" in error && "code" in error) return String(error.code);
  return undefined;
}
