import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod";
import type { Logger } from "../../base/logger.ts";
import type { AdminGuard } from "./admin-guard.ts";
import { type AdminApiContext, adminHandlers, type Input } from "./admin-handlers.ts";
import { ApiError, apiErrorOf } from "./api-error.ts";
import { openApiDocument } from "./open-api.ts";
import { type AdminRoute, adminRoutes, type AdminRouteName } from "./route-table.ts";

export interface AdminApiOptions {
  readonly guard: AdminGuard;
  /** Asked for each request; undefined while the server starts: 503. */
  readonly context: () => AdminApiContext | undefined;
  /** The client's address, behind trusted proxies too. Default: the connection's. */
  readonly addressOf?: (request: FastifyRequest) => string;
  /** Of Portico. */
  readonly version: string;
  readonly log: Logger;
}

const PREFIX = "/api/admin";
const BODY_LIMIT_BYTES = 64 * 1024;

/**
 * Adds `/api/admin/…` (route-table.ts) and `/api/openapi.json` to an HTTP application. Answers are JSON; one
 * that is not 2xx has the body of `failure` (schemas.ts). Nothing is kept between requests.
 */
export async function addAdminApi(app: FastifyInstance, options: AdminApiOptions): Promise<void> {
  const document = JSON.stringify(openApiDocument(options.version));
  app.get("/api/openapi.json", (_request, reply) =>
    reply.type("application/json; charset=utf-8").header("Cache-Control", "no-cache").send(document),
  );
  await app.register(
    (api, _options, done) => {
      addRoutes(api, options);
      done();
    },
    { prefix: PREFIX },
  );
}

function addRoutes(api: FastifyInstance, options: AdminApiOptions): void {
  const { guard, addressOf = (request) => request.ip, log } = options;
  api.removeAllContentTypeParsers();
  api.addContentTypeParser(
    "application/json",
    { parseAs: "string", bodyLimit: BODY_LIMIT_BYTES },
    // What would change an object's prototype is refused, not taken out.
    api.getDefaultJsonParser("error", "error"),
  );
  api.addHook("onRequest", (request, reply, done) => {
    reply.header("Cache-Control", "no-store");
    const { method, headers } = request;
    const refused = guard.refusal({ method, headers, address: addressOf(request) });
    if (refused === undefined) return done();
    const { status, code, message, retryAfterMs } = refused;
    return done(new ApiError(status, code, message, retryAfterMs));
  });
  api.setErrorHandler((error, request, reply) => {
    const known = apiErrorOf(error);
    if (known === undefined) {
      log.error({ err: error, route: request.routeOptions.url }, "an administrator's request failed");
    }
    return sendError(reply, known ?? new ApiError(500, "SERVER_ERROR", "something failed inside the server"));
  });
  api.setNotFoundHandler((_request, reply) =>
    sendError(reply, new ApiError(404, "NOT_FOUND", "there is no such route")),
  );
  for (const name of Object.keys(adminRoutes) as AdminRouteName[]) addRoute(api, name, options, addressOf);
}

function addRoute(
  api: FastifyInstance,
  name: AdminRouteName,
  options: AdminApiOptions,
  addressOf: (request: FastifyRequest) => string,
): void {
  const route: AdminRoute = adminRoutes[name];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given what this route's schemas let through
  const handler = adminHandlers[name] as unknown as (
    context: AdminApiContext,
    input: Input<AdminRoute>,
  ) => Promise<object> | object;
  api.route({
    method: route.method,
    url: route.path.slice(PREFIX.length),
    handler: async (request, reply) => {
      const context = options.context();
      if (context === undefined) throw new ApiError(503, "STARTING", "the server is starting", 1000);
      const input = {
        query: checked("the query", route.query, request.query),
        body: checked("the body", route.body, request.body),
        address: addressOf(request),
      };
      return reply.send(await handler(context, input));
    },
  });
}

/** Throws ApiError INVALID with everything that is wrong. */
function checked<Schema extends z.ZodObject>(
  where: string,
  schema: Schema | undefined,
  value: unknown,
): z.output<Schema> | undefined {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw new ApiError(400, "INVALID", `${where}: ${z.prettifyError(result.error)}`);
}

function sendError(reply: FastifyReply, error: ApiError): FastifyReply {
  const { status, retryAfterMs } = error;
  if (retryAfterMs > 0) reply.header("Retry-After", Math.ceil(retryAfterMs / 1000));
  if (status === 401) reply.header("WWW-Authenticate", "Bearer");
  return reply.code(status).send(error.body);
}
