import type { CompletionPort } from "./completion-port.ts";
import { openIocpPort } from "./iocp/iocp-port.ts";
import { probeIocp } from "./iocp/probe.ts";
import { openLibuvPort } from "./libuv/libuv-port.ts";
import { openUringPort } from "./uring/uring-port.ts";
import { probeUring } from "./uring/probe.ts";

/** Backends that can be asked for; "auto" takes the best that works. */
export type BackendChoice = "auto" | "uring" | "iocp" | "libuv";

export const backendChoices: readonly BackendChoice[] = ["auto", "uring", "iocp", "libuv"];

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

/** A port that is of one system, and better than libuv there. */
interface NativePort {
  readonly name: "uring" | "iocp";
  /** What it stands on, in a sentence. */
  readonly what: string;
  probe(): { readonly available: true; readonly detail: string } | { available: false; reason: string };
  open(options: { readonly arenaLimitBytes: number }): CompletionPort;
}

const uring: NativePort = { name: "uring", what: "io_uring", probe: probeUring, open: openUringPort };
const iocp: NativePort = {
  name: "iocp",
  what: "an I/O completion port",
  probe: probeIocp,
  open: openIocpPort,
};

/** Opens a port. Throws BackendUnavailableError when the one that was asked for does not work here. */
export function openPort(options: OpenPortOptions = {}): OpenedPort {
  const choice = options.backend ?? "auto";
  const portOptions = { arenaLimitBytes: options.arenaLimitBytes ?? 268_435_456 };
  if (choice === "libuv") return { port: openLibuvPort(portOptions), why: "asked for" };
  const native = choice === "iocp" || (choice === "auto" && process.platform === "win32") ? iocp : uring;
  const isAsked = choice !== "auto";
  const probe = native.probe();
  if (probe.available) {
    try {
      return { port: native.open(portOptions), why: isAsked ? "asked for" : probe.detail };
    } catch (error) {
      if (isAsked) throw error;
      return {
        port: openLibuvPort(portOptions),
        why: `${native.what} could not be opened: ${(error as Error).message}`,
      };
    }
  }
  if (isAsked) throw new BackendUnavailableError(native.name, probe.reason);
  return { port: openLibuvPort(portOptions), why: `${native.what} is not available: ${probe.reason}` };
}
