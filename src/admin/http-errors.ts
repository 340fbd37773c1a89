import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../base/logger.ts";
import { CacheControl } from "../http/security-headers.ts";

/** Answers for what no route answers: JSON below /api, a line of text elsewhere. */
export function sendFailure(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
): FastifyReply {
  reply.code(status).header("Cache-Control", CacheControl.never);
  if (isOfApi(request)) return reply.send({ error: { code, message } });
  return reply.type("text/plain; charset=utf-8").send(`${message}\n`);
}

/** Sets what is said when there is no such page, and when a handler fails. */
export function addErrorAnswers(app: FastifyInstance, log: Logger): void {
  app.setNotFoundHandler((request, reply) => sendFailure(request, reply, 404, "NOT_FOUND", "not found"));
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply, log));
}

/** Errors that a client causes have a status below 500, and their message is for it; others are bugs. */
export function sendError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  const { statusCode = 500 } = error;
  if (statusCode >= 400 && statusCode < 500) {
    const code = statusCode === 413 ? "TOO_LARGE" : statusCode === 404 ? "NOT_FOUND" : "INVALID";
    return sendFailure(request, reply, statusCode, code, messages[statusCode] ?? "bad request");
  }
  log.error({ err: error, route: request.routeOptions?.url }, "an HTTP request failed");
  return sendFailure(request, reply, 500, "SERVER_ERROR", "something failed inside the server");
}

/** Not the library's own: those repeat what was sent, or tell of files. */
const messages: Readonly<Record<number, string>> = {
  403: "forbidden",
  404: "not found",
  412: "precondition failed",
  413: "too large",
  415: "unsupported media type",
  416: "range not satisfiable",
};

/**
 * Has every path that is there answer 405, with Allow, to methods that it does not take (RFC 9110, 15.5.6).
 * Call `complete` when all routes were added.
 */
export function addMethodAnswers(app: FastifyInstance): { complete(): void } {
  const methodsByPath = new Map<string, Set<string>>();
  let isComplete = false;
  app.addHook("onRoute", ({ url, method }) => {
    if (isComplete) return;
    const methods = methodsByPath.get(url) ?? new Set<string>();
    for (const each of [method].flat()) methods.add(each);
    methodsByPath.set(url, methods);
  });
  return {
    complete: () => {
      isComplete = true;
      for (const [url, methods] of methodsByPath) addOtherMethods(app, url, methods);
    },
  };
}

function addOtherMethods(app: FastifyInstance, url: string, methods: ReadonlySet<string>): void {
  const others = app.supportedMethods.filter((method) => !methods.has(method));
  if (others.length === 0) return;
  const allow = [...methods].sort().join(", ");
  app.route({
    method: others,
    url,
    // Before the body is read: nobody wants it.
    onRequest: (request, reply, _next) => {
      sendFailure(request, reply.header("Allow", allow), 405, "METHOD", "method not allowed");
    },
    handler: (_request, reply) => reply,
  });
}

function isOfApi({ url }: FastifyRequest): boolean {
  return url.startsWith("/api/");
}
