import type { CompletionPort } from "./completion-port.ts";
import { openLibuvPort } from "./libuv/libuv-port.ts";
import { openUringPort } from "./uring/uring-port.ts";
import { probeUring } from "./uring/probe.ts";

/** Backends that can be asked for; "auto" takes the best that works. */
export type BackendChoice = "auto" | "uring" | "libuv";

export const backendChoices: readonly BackendChoice[] = ["auto", "uring", "libuv"];

export interface OpenPortOptions {
  /** Default "auto". */
  readonly backend?: BackendChoice;
  /** The most memory for bytes that wait to be sent. Default 256 MiB. */
  readonly arenaLimitBytes?: number;
}

export interface OpenedPort {
  readonly port: CompletionPort;
  /** Why this backend, and why not the better one; for a log line. */
  readonly why: string;
}

/** The backend that was asked for does not work here. */
export class BackendUnavailableError extends Error {
  readonly code = "BACKEND_UNAVAILABLE";
  constructor(backend: string, reason: string) {
    super(`the ${backend} backend does not work here: ${reason}`);
    this.name = "BackendUnavailableError";
  }
}

/** Opens a port. Throws BackendUnavailableError when "uring" was asked for and does not work. */
export function openPort(options: OpenPortOptions = {}): OpenedPort {
  const choice = options.backend ?? "auto";
  const portOptions = { arenaLimitBytes: options.arenaLimitBytes ?? 268_435_456 };
  if (choice === "libuv") return { port: openLibuvPort(portOptions), why: "asked for" };
  const probe = probeUring();
  if (probe.available) {
    try {
      return { port: openUringPort(portOptions), why: choice === "uring" ? "asked for" : probe.detail };
    } catch (error) {
      if (choice === "uring") throw error;
      return {
        port: openLibuvPort(portOptions),
        why: `io_uring could not be opened: ${(error as Error).message}`,
      };
    }
  }
  if (choice === "uring") throw new BackendUnavailableError("uring", probe.reason);
  return { port: openLibuvPort(portOptions), why: `io_uring is not available: ${probe.reason}` };
}
