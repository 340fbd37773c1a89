import { timingSafeEqual, hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { StoreError } from "../chat/store/store.ts";
import { ConsoleError } from "./admin-console.ts";
import { type AdminContext, AdminError, runAdminOperation } from "./admin-operations.ts";

/** The path on the HTTP port. */
export const CONTROL_PATH = "/control";

const BODY_LIMIT_BYTES = 64 * 1024;

/**
 * Answers `POST /control {"do": name, "args": {…}}` with `{"ok": true, "result": …}` or `{"ok": false,
 * "code": …, "error": …}`. Who asks must know the token of the control file.
 */
export class ControlEndpoint {
  readonly #tokenDigest: Buffer;
  readonly #context: () => AdminContext | undefined;

  /** `context` is undefined while the server starts or stops. */
  constructor(token: string, context: () => AdminContext | undefined) {
    this.#tokenDigest = hash("sha256", token, "buffer");
    this.#context = context;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST") {
      response.setHeader("Allow", "POST");
      return send(response, 405, { ok: false, code: "METHOD", error: "method not allowed" });
    }
    if (!this.#isAllowed(request.headers.authorization)) {
      return send(response, 401, { ok: false, code: "TOKEN", error: "the token is missing or wrong" });
    }
    const body = await readBody(request);
    if (body === undefined) {
      return send(response, 413, {
        ok: false,
        code: "TOO_LARGE",
        error: `more than ${BODY_LIMIT_BYTES} bytes`,
      });
    }
    const context = this.#context();
    if (context === undefined) {
      return send(response, 503, { ok: false, code: "BUSY", error: "the server is starting or stopping" });
    }
    const parsed = parse(body);
    if (parsed === undefined) {
      return send(response, 400, {
        ok: false,
        code: "ADMIN_USAGE",
        error: 'expected {"do": name, "args": {…}}',
      });
    }
    try {
      send(response, 200, { ok: true, result: await runAdminOperation(context, parsed.name, parsed.args) });
    } catch (error) {
      const isKnown =
        error instanceof AdminError || error instanceof ConsoleError || error instanceof StoreError;
      if (!isKnown) throw error;
      const status = error instanceof AdminError && error.code === "ADMIN_USAGE" ? 400 : 409;
      send(response, status, { ok: false, code: error.code, error: error.message });
    }
  }

  #isAllowed(header: string | undefined): boolean {
    const token = /^Bearer (?<token>\S+)$/.exec(header ?? "")?.groups?.token ?? "";
    return timingSafeEqual(hash("sha256", token, "buffer"), this.#tokenDigest);
  }
}

/** undefined when it is above the limit. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > BODY_LIMIT_BYTES) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(body: string): { readonly name: string; readonly args: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== "object" || value === null || !("do" in value)) return undefined;
    return typeof value.do === "string"
      ? { name: value.do, args: "args" in value ? value.args : {} }
      : undefined;
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(text);
}
