import { fileURLToPath } from "node:url";
import Fastify, { type FastifyInstance } from "fastify";
import type { Logger } from "../base/logger.ts";
import { createHttpServer, type HttpLimits } from "../http/http-limits.ts";
import { securityHeaders } from "../http/security-headers.ts";
import { addControlEndpoint, type ControlEndpoint } from "./control-endpoint.ts";
import { addHealthRoutes, type Readiness } from "./health-routes.ts";
import { addErrorAnswers, addMethodAnswers, sendError } from "./http-errors.ts";
import { addPageRoutes } from "./page-routes.ts";

/** What an application has. Two of them serve different addresses when administration is kept apart. */
export interface HttpAppParts {
  /** `/`, the chat. */
  readonly pages: boolean;
  /** `/admin`, and the plug-ins of this part: `/api/…`. */
  readonly admin: boolean;
  /** `/livez`, `/readyz`. */
  readonly health: boolean;
  /** The plug-ins of this part: `/metrics`. */
  readonly metrics: boolean;
}

/** Adds routes of its own to an application that has its part. */
export interface HttpPlugin {
  readonly part: keyof HttpAppParts;
  readonly add: (app: FastifyInstance) => void | Promise<void>;
}

export interface HttpAppOptions {
  readonly parts: HttpAppParts;
  readonly limits: HttpLimits;
  /** Asked for each request to /readyz. */
  readonly readiness: () => Readiness;
  /** Administration by the command line; on the address that the control file names. */
  readonly control?: ControlEndpoint;
  /** Where the built web client is. Default: `web/dist` of this package. */
  readonly webDirectory?: string;
  readonly plugins?: readonly HttpPlugin[];
  /** Told of each answer: its route as it was declared, "" when there was none, never the path. */
  readonly onAnswered?: (route: string, status: number) => void;
  readonly log: Logger;
}

/** The largest body of a request that no route says otherwise of. */
const BODY_LIMIT_BYTES = 64 * 1024;
/** Names in paths; longer ones are not found. */
const PARAM_LIMIT = 256;

const builtWebClient = fileURLToPath(new URL("../../web/dist", import.meta.url));

/**
 * The HTTP application: give its `server` to an HttpService, which feeds it, and close it after that. It
 * never listens itself, and takes the remote address of a request for the client's, as that service has it.
 */
export async function buildHttpApp(options: HttpAppOptions): Promise<FastifyInstance> {
  const { parts, limits, log, plugins = [], webDirectory = builtWebClient } = options;
  const app = Fastify({
    serverFactory: (onRequest) => createHttpServer(limits, onRequest),
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: PARAM_LIMIT },
    frameworkErrors: (error, request, reply) => {
      // Hooks are for routes; this is before any was looked for.
      sendError(error, request, reply.headers(securityHeaders), log);
    },
    // The HttpService answers these.
    clientErrorHandler: () => undefined,
  });
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(securityHeaders);
    done();
  });
  // Before the answer leaves: who has it finds it counted.
  app.addHook("onSend", (request, reply, payload, done) => {
    options.onAnswered?.(request.routeOptions.url ?? "", reply.statusCode);
    done(null, payload);
  });
  addErrorAnswers(app, log);
  const methods = addMethodAnswers(app);
  if (parts.health) addHealthRoutes(app, options.readiness);
  if (options.control !== undefined) await addControlEndpoint(app, options.control);
  if (parts.pages || parts.admin) {
    await addPageRoutes(app, { directory: webDirectory, hasChat: parts.pages, hasAdmin: parts.admin });
  }
  for (const plugin of plugins) if (parts[plugin.part]) await plugin.add(app);
  methods.complete();
  await app.ready();
  return app;
}
