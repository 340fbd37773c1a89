import type { FastifyInstance, FastifyReply } from "fastify";
import { CacheControl } from "../http/security-headers.ts";

/** What the process is doing, as /readyz tells it. */
export type Readiness = "starting" | "serving" | "draining";

/**
 * Adds `/livez` (200 while the process lives) and `/readyz` (200, or 503 while it starts or drains, so that
 * nobody new is sent here).
 */
export function addHealthRoutes(app: FastifyInstance, readiness: () => Readiness): void {
  app.get("/livez", (_request, reply) => answer(reply, 200, "ok"));
  app.get("/readyz", (_request, reply) => {
    const now = readiness();
    return now === "serving" ? answer(reply, 200, "ok") : answer(reply, 503, now);
  });
}

function answer(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply
    .code(status)
    .header("Cache-Control", CacheControl.never)
    .type("text/plain; charset=utf-8")
    .send(`${text}\n`);
}
