import type { FastifyInstance } from "fastify";
import type { AdminGuard } from "./api/admin-guard.ts";
import type { Metrics } from "./metrics.ts";
import type { TokenCheck } from "./token-check.ts";

export interface MetricsRouteOptions {
  readonly metrics: Metrics;
  /** Who may ask; undefined: everybody. */
  readonly access: { readonly guard: AdminGuard; readonly token: TokenCheck } | undefined;
}

/** Adds `/metrics`: Prometheus' text format. Wrong tokens are slowed together with the admin API's. */
export function addMetricsRoute(app: FastifyInstance, { metrics, access }: MetricsRouteOptions): void {
  app.get("/metrics", async ({ method, headers, ip: address }, reply) => {
    reply.header("Cache-Control", "no-store");
    const refused = access?.guard.tokenRefusal({ method, headers, address }, access.token);
    if (refused === undefined) return reply.type(metrics.contentType).send(await metrics.text());
    const { status, message, retryAfterMs } = refused;
    if (status === 401) reply.header("WWW-Authenticate", "Bearer");
    if (retryAfterMs !== undefined) reply.header("Retry-After", Math.ceil(retryAfterMs / 1000));
    return reply.code(status).type("text/plain; charset=utf-8").send(`${message}\n`);
  });
}
