import { createServer, type IncomingMessage } from "node:http";
import { listenAndAnnounce } from "./node-listen.ts";
import { importPeer } from "./peer.ts";

interface Socket {
  readonly readyState: number;
  send(data: unknown, options: { binary: boolean }): void;
  on(event: "message", listener: (data: unknown, isBinary: boolean) => void): void;
  on(event: "close" | "error", listener: () => void): void;
}

interface WsModule {
  readonly WebSocketServer: new (options: { server: unknown }) => {
    on(event: "connection", listener: (socket: Socket, request: IncomingMessage) => void): void;
  };
}

const OPEN = 1;

/** ws, broadcasting as its README does: `send` for each client of the room, the publisher included. */
const { WebSocketServer } = await importPeer<WsModule>("ws");
const rooms = new Map<string, Set<Socket>>();
const server = createServer();

new WebSocketServer({ server }).on("connection", (socket, request) => {
  const name = new URL(request.url ?? "/", "http://localhost").searchParams.get("room") ?? "";
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room);
  room.add(socket);
  socket.on("message", (data, binary) => {
    for (const member of room) if (member.readyState === OPEN) member.send(data, { binary });
  });
  socket.on("close", () => room.delete(socket));
  socket.on("error", () => room.delete(socket));
});
listenAndAnnounce(server);
