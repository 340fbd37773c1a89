import { access } from "node:fs/promises";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { CacheControl, PAGE_POLICY } from "../http/security-headers.ts";

/** Where the chat's WebSocket is: upgrades go to the gate, anything else is answered here. */
export const WEBSOCKET_PATH = "/ws";

export interface PageRoutesOptions {
  /** The built web client: `index.html`, `admin.html`, `assets/`. It may be built, or built anew, later. */
  readonly directory: string;
  /** Whether `/` is the chat; else it leads to `/admin`. */
  readonly hasChat: boolean;
  /** Whether `/admin` is there. */
  readonly hasAdmin: boolean;
}

const CHAT_PAGE = "index.html";
const ADMIN_PAGE = "admin.html";

/**
 * Adds the web client's pages. Only files of the directory are given out, by name: what leads out of it, into
 * hidden files or to a directory is refused. Files that were compressed when they were built (`.br`, `.gz`)
 * are sent as they are to whoever takes them.
 */
export async function addPageRoutes(app: FastifyInstance, options: PageRoutesOptions): Promise<void> {
  const { directory, hasChat, hasAdmin } = options;
  await app.register(fastifyStatic, {
    root: directory,
    serve: false,
    preCompressed: true,
    dotfiles: "ignore",
    // Set here for each answer.
    cacheControl: false,
    suppressWarning: true,
  });
  const page = (name: string) => (_request: unknown, reply: FastifyReply) => sendPage(reply, directory, name);
  if (hasChat) app.get("/", page(CHAT_PAGE));
  else app.get("/", (_request, reply) => reply.redirect("/admin"));
  if (hasAdmin) {
    app.get("/admin", page(ADMIN_PAGE));
    app.get("/admin/", page(ADMIN_PAGE));
  }
  app.get<{ Params: { "*": string } }>("/assets/*", (request, reply) =>
    reply.header("Cache-Control", CacheControl.immutable).sendFile(`assets/${request.params["*"]}`),
  );
  // Icons, the manifest: files beside the pages, whose names stay.
  app.get<{ Params: { file: string } }>(
    String.raw`/:file(^[\w-]+\.(?:ico|svg|png|webmanifest|txt)$)`,
    (request, reply) => reply.header("Cache-Control", CacheControl.revalidate).sendFile(request.params.file),
  );
  if (!hasChat) return;
  app.get(WEBSOCKET_PATH, (_request, reply) =>
    reply
      .code(426)
      .headers({ Upgrade: "websocket", Connection: "Upgrade", "Cache-Control": CacheControl.never })
      .type("text/plain; charset=utf-8")
      .send("this address is for WebSocket (subprotocol portico.v1)\n"),
  );
}

async function sendPage(reply: FastifyReply, directory: string, name: string): Promise<FastifyReply> {
  reply.header("Content-Security-Policy", PAGE_POLICY);
  if (!(await exists(join(directory, name)))) return sendNotBuilt(reply);
  return reply.header("Cache-Control", CacheControl.revalidate).sendFile(name);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Portico</title>
<h1>Portico runs</h1>
<p>The web client has not been built yet. Run <code>npm run build:web</code>, then load this page again.</p>
<p>In a terminal: <code>npm run portico -- chat --user NAME</code></p>
</html>
`;

function sendNotBuilt(reply: FastifyReply): FastifyReply {
  return reply
    .code(503)
    .header("Cache-Control", CacheControl.never)
    .type("text/html; charset=utf-8")
    .send(NOT_BUILT);
}
