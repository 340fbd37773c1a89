import type { TestContext } from "node:test";
import { buildHttpApp } from "../../src/admin/http-app.ts";
import { WEBSOCKET_PATH } from "../../src/admin/page-routes.ts";
import { silentLogger } from "../../src/base/logger.ts";
import type { ChatServer, ChatServerOptions } from "../../src/chat/chat-server.ts";
import {
  type CompletionPort,
  formatSocketAddress,
  openPort,
  SendBufferPool,
  type SocketAddress,
  socketAddress,
} from "../../src/engine/index.ts";
import { HttpService, type HttpServiceOptions } from "../../src/http/http-service.ts";
import { startTestServer, type TestBackend } from "./chat-test-server.ts";

export interface WebTestServer {
  readonly chat: ChatServer;
  readonly http: HttpService;
  readonly port: CompletionPort;
  readonly address: SocketAddress;
  /** "http://127.0.0.1:4711" */
  readonly url: string;
}

export interface WebTestOptions {
  readonly chat?: Omit<ChatServerOptions, "packets" | "port" | "sendBuffers">;
  readonly http?: Partial<Pick<HttpServiceOptions, "limits" | "trustedProxies" | "proxyProtocol">>;
  readonly webDirectory?: string;
}

/** Sessions that the chat may have. */
const CONNECTIONS = 64;

/** Packets, pages and WebSockets on one port, as `portico serve` has them; stopped when the test ends. */
export async function startWebTestServer(
  test: TestContext,
  backend: TestBackend,
  options: WebTestOptions = {},
): Promise<WebTestServer> {
  const { port } = openPort({ backend });
  // Runs last: hooks run in the order in which they were added.
  const stops: (() => Promise<void>)[] = [];
  test.after(async () => {
    for (const stop of stops) await stop();
    await port.close();
  });
  const sendBuffers = new SendBufferPool(port.arena);
  const connections = options.chat?.limits?.connections ?? CONNECTIONS;
  const http = new HttpService({
    ...options.http,
    limits: { upgradedConnections: connections, ...options.http?.limits },
    port,
    sendBuffers,
    firstSlot: connections,
  });
  stops.push(() => http.close());
  const app = await buildHttpApp({
    parts: { pages: true, admin: true, health: true, metrics: true },
    limits: http.limits,
    readiness: () => "serving",
    ...(options.webDirectory === undefined ? {} : { webDirectory: options.webDirectory }),
    log: silentLogger,
  });
  http.setUpgrade(WEBSOCKET_PATH, undefined);
  const address = await http.listen(socketAddress("127.0.0.1", 0), app.server);
  const chat = await startTestServer(test, backend, {
    ...options.chat,
    limits: { connections, ...options.chat?.limits },
    port,
    sendBuffers,
  });
  stops.unshift(() => chat.stop(1000));
  http.setUpgrade(WEBSOCKET_PATH, (request, session, head) => chat.acceptWebSocket(request, session, head));
  return { chat, http, port, address, url: `http://${formatSocketAddress(address)}` };
}
