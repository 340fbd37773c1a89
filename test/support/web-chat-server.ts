import type { TestContext } from "node:test";
import { createWebSocketStream, WebSocket } from "ws";
import type { ChatServer, ChatServerOptions } from "../../src/chat/chat-server.ts";
import {
  CHUNK_BYTES,
  formatSocketAddress,
  openPort,
  SendBufferPool,
  socketAddress,
} from "../../src/engine/index.ts";
import { createHttpServer, defaultHttpLimits, type HttpLimits } from "../../src/http/http-limits.ts";
import { HttpService } from "../../src/http/http-service.ts";
import { ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { ChatTestClient, until } from "./chat-test-client.ts";
import { startTestServer, type TestBackend } from "./chat-test-server.ts";

/** A chat server with HTTP in front of it, as `portico serve` has it, without the pages. */
export interface WebChatServer {
  readonly chat: ChatServer;
  readonly http: HttpService;
  /** "ws://127.0.0.1:4711/ws" */
  readonly url: string;
  /** Everybody has gone: nothing is left of anybody. */
  readonly expectRest: () => Promise<void>;
}

const DEFAULT_CONNECTIONS = 64;

/** Stopped when the test ends; the chat first. */
export async function startWebChatServer(
  test: TestContext,
  backend: TestBackend,
  options: Omit<ChatServerOptions, "packets"> = {},
  httpLimits: Partial<HttpLimits> = {},
): Promise<WebChatServer> {
  const { port } = openPort({ backend });
  const sendBuffers = new SendBufferPool(port.arena);
  const connections = options.limits?.connections ?? DEFAULT_CONNECTIONS;
  const { sendQueueBytes = defaultHttpLimits.sendQueueBytes } = options.limits ?? {};
  const http = new HttpService({
    port,
    sendBuffers,
    firstSlot: connections,
    limits: { connections: 64, upgradedConnections: 64, sendQueueBytes, ...httpLimits },
  });
  const limits = { ...options.limits, connections };
  const chat = await startTestServer(test, backend, { ...options, port, sendBuffers, limits });
  test.after(async () => {
    await chat.stop(1000);
    await http.close();
    await port.close();
  });
  const address = await http.listen(socketAddress("127.0.0.1", 0), createHttpServer(http.limits));
  http.setUpgrade("/ws", (request, session, head) => chat.acceptWebSocket(request, session, head));
  const expectRest = async (): Promise<void> => {
    const held = () => {
      const { connections: open, gate, hub } = chat.counters();
      const { signedIn, requestsOutstanding, webSockets, lagging } = gate;
      const { sessions, users } = hub;
      const sockets = http.service.sessionCount;
      return { open, webSockets, signedIn, requestsOutstanding, lagging, sessions, users, sockets };
    };
    const isAtRest = (): boolean => Object.values(held()).every((count) => count === 0);
    await until(isAtRest, "nothing is held");
    // At most the chunk that is being written into.
    const { usedBytes } = chat.counters().sendBuffers;
    if (usedBytes > CHUNK_BYTES) throw new Error(`${usedBytes} bytes of send buffers are held`);
  };
  return { chat, http, url: `ws://${formatSocketAddress(address)}/ws`, expectRest };
}

/** How the server closed a WebSocket. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** A client over WebSocket, made by an independent implementation of the protocol. */
export interface WebChatClient {
  readonly client: ChatTestClient;
  readonly socket: WebSocket;
  readonly closing: Promise<Closing>;
}

export interface WebConnectOptions {
  readonly origin?: string;
  readonly protocols?: readonly string[];
  readonly deflate?: boolean;
  /** Another of this machine's own addresses. */
  readonly from?: string;
}

/** Opens a WebSocket as a browser does; rejects with what `ws` says of a refused upgrade. */
export function openWebSocket(url: string, options: WebConnectOptions = {}): WebSocket {
  const { origin = url.replace("ws:", "http:").replace("/ws", ""), protocols = ["portico.v1"] } = options;
  return new WebSocket(url, [...protocols], {
    origin,
    perMessageDeflate: options.deflate ?? false,
    maxPayload: 1_048_576,
    localAddress: options.from ?? "127.0.0.1",
  });
}

/** The HTTP status with which an upgrade is refused; 101 when it is not. */
export function upgradeStatus(url: string, options: WebConnectOptions = {}): Promise<number> {
  const socket = openWebSocket(url, options);
  return new Promise((resolve) => {
    socket.once("open", () => {
      resolve(101);
      socket.terminate();
    });
    socket.once("unexpected-response", (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on("error", () => undefined);
  });
}

/** Connected, Hello taken. */
export async function connectWeb(url: string, options: WebConnectOptions = {}): Promise<WebChatClient> {
  const socket = openWebSocket(url, options);
  const stream = createWebSocketStream(socket);
  const client = ChatTestClient.over(stream);
  const closing = new Promise<Closing>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await client.take(PacketType.HELLO);
  return { client, socket, closing };
}

/** A guest over WebSocket. */
export async function webGuest(
  url: string,
  name: string,
  options: WebConnectOptions = {},
): Promise<WebChatClient> {
  const made = await connectWeb(url, options);
  const answer = await made.client.loginGuest(name);
  if (answer.code !== ErrorCode.OK) throw new Error(`${name} cannot log in: ${ErrorCode[answer.code]}`);
  return made;
}
