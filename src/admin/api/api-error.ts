import type { Failure } from "./schemas.ts";
import { StoreError } from "../../chat/store/store.ts";
import { ConsoleError } from "../admin-console.ts";
import { AdminError } from "../admin-operations.ts";

/** A request that is not done: the answer's status and what its body says. */
export class ApiError extends Error {
  readonly status: number;
  /** For programs: INVALID, NOT_FOUND, REFUSED, TOKEN, … or a code of docs/PROTOCOL.md. */
  readonly code: string;
  /** 0: waiting does not help, or nobody knows. */
  readonly retryAfterMs: number;

  constructor(status: number, code: string, message: string, retryAfterMs = 0) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  get body(): Failure {
    const { code, message, retryAfterMs } = this;
    return { error: { code, message, ...(retryAfterMs > 0 ? { retryAfterMs } : {}) } };
  }
}

/** What an error that is known amounts to; undefined: something failed that should not have. */
export function apiErrorOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error instanceof AdminError) {
    // ADMIN_FAILED: what was named is not there.
    return error.code === "ADMIN_USAGE"
      ? new ApiError(400, "INVALID", error.message)
      : new ApiError(404, "NOT_FOUND", error.message);
  }
  if (error instanceof ConsoleError) return consoleError(error);
  if (error instanceof StoreError && error.code === "STORE_BUSY") {
    return new ApiError(503, "BUSY", "the store has too much to do", 1000);
  }
  return fastifyError(error);
}

function consoleError({ code, message, retryAfterMs }: ConsoleError): ApiError {
  if (code === "BUSY") return new ApiError(503, code, message, retryAfterMs);
  if (code === "USER_NOT_FOUND" || code === "ROOM_NOT_FOUND") return new ApiError(404, code, message);
  if (code === "INVALID_PACKET") return new ApiError(400, "INVALID", message);
  if (code === "SERVER_ERROR") return new ApiError(500, code, message, retryAfterMs);
  return new ApiError(409, code, message, retryAfterMs);
}

/** fastify's own: a body that is too large, no JSON, … */
function fastifyError(error: unknown): ApiError | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  const { statusCode } = error;
  if (typeof statusCode !== "number" || statusCode < 400 || statusCode >= 500) return undefined;
  return new ApiError(statusCode, statusCode === 413 ? "TOO_LARGE" : "INVALID", error.message);
}
