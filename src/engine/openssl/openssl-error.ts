import type { Address, OpensslCalls } from "./openssl-calls.ts";

/** What OpenSSL has against something. `code` is Node's: `ERR_SSL_` and the reason. */
export class OpensslError extends Error {
  readonly code: string;
  constructor(operation: string, code: string, reason: string) {
    super(`${operation}: ${reason}`);
    this.name = "OpensslError";
    this.code = code;
  }
}

/** The first error of this thread's queue, which is empty afterwards, as others expect it. */
export function takeError(calls: OpensslCalls, operation: string): OpensslError {
  const reason = calls.ERR_reason_error_string(calls.ERR_get_error()) ?? "unknown";
  calls.ERR_clear_error();
  return new OpensslError(operation, `ERR_SSL_${reason.toUpperCase().replaceAll(" ", "_")}`, reason);
}

export function notNull(calls: OpensslCalls, operation: string, address: Address): Address {
  if (address === 0) throw takeError(calls, operation);
  return address;
}
