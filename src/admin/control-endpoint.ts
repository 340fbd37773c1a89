import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { StoreError } from "../chat/store/store.ts";
import { CacheControl } from "../http/security-headers.ts";
import { ConsoleError } from "./admin-console.ts";
import { type AdminContext, AdminError, runAdminOperation } from "./admin-operations.ts";
import { TokenCheck } from "./token-check.ts";

/** The path on the HTTP port. */
export const CONTROL_PATH = "/control";

const BODY_LIMIT_BYTES = 64 * 1024;

/** An HTTP status and what the body says. */
export interface ControlAnswer {
  readonly status: number;
  readonly body: object;
}

/**
 * Answers `POST /control {"do": name, "args": {…}}` with `{"ok": true, "result": …}` or `{"ok": false,
 * "code": …, "error": …}`. Who asks must know the token of the control file.
 */
export class ControlEndpoint {
  readonly #token: TokenCheck;
  readonly #context: () => AdminContext | undefined;

  /** `context` is undefined while the server starts or stops. */
  constructor(token: string, context: () => AdminContext | undefined) {
    this.#token = new TokenCheck(token);
    this.#context = context;
  }

  /** Looked at before the body is read. */
  allows(authorization: string | undefined): boolean {
    return this.#token.allows(authorization);
  }

  /** Does what the body asks for. Rejects with what is a bug. */
  async run(body: string): Promise<ControlAnswer> {
    const context = this.#context();
    if (context === undefined) return refusal(503, "BUSY", "the server is starting or stopping");
    const parsed = parse(body);
    if (parsed === undefined) return refusal(400, "ADMIN_USAGE", 'expected {"do": name, "args": {…}}');
    try {
      const result = await runAdminOperation(context, parsed.name, parsed.args);
      return { status: 200, body: { ok: true, result } };
    } catch (error) {
      const isKnown =
        error instanceof AdminError || error instanceof ConsoleError || error instanceof StoreError;
      if (!isKnown) throw error;
      const status = error instanceof AdminError && error.code === "ADMIN_USAGE" ? 400 : 409;
      return refusal(status, error.code, error.message);
    }
  }
}

/** Adds the endpoint to an HTTP application. */
export async function addControlEndpoint(app: FastifyInstance, control: ControlEndpoint): Promise<void> {
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      "*",
      { parseAs: "string", bodyLimit: BODY_LIMIT_BYTES },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.addHook("onRequest", (request, reply, next) => {
      if (control.allows(request.headers.authorization)) return next();
      return send(reply, refusal(401, "TOKEN", "the token is missing or wrong"));
    });
    scope.setErrorHandler((error: FastifyError, _request, reply) => {
      if (error.statusCode !== 413) throw error;
      return send(reply, refusal(413, "TOO_LARGE", `more than ${BODY_LIMIT_BYTES} bytes`));
    });
    scope.post(CONTROL_PATH, async ({ body }, reply) =>
      send(reply, await control.run(typeof body === "string" ? body : "")),
    );
    done();
  });
}

function refusal(status: number, code: string, error: string): ControlAnswer {
  return { status, body: { ok: false, code, error } };
}

function send(reply: FastifyReply, { status, body }: ControlAnswer): FastifyReply {
  return reply
    .code(status)
    .header("Cache-Control", CacheControl.never)
    .type("application/json; charset=utf-8")
    .send(`${JSON.stringify(body)}\n`);
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
