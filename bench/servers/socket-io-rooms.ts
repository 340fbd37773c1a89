import { createServer } from "node:http";
import { listenAndAnnounce } from "./node-listen.ts";
import { importPeer } from "./peer.ts";

interface Socket {
  readonly handshake: { readonly query: Record<string, string | undefined> };
  join(room: string): void;
  on(event: "m", listener: (text: string) => void): void;
}

interface SocketIoServer {
  on(event: "connection", listener: (socket: Socket) => void): void;
  to(room: string): { emit(event: "m", text: string): void };
}

interface SocketIoModule {
  readonly Server: new (server: unknown, options: { transports: string[] }) => SocketIoServer;
}

/** Socket.IO with rooms, over WebSocket only; the publisher is a member of its room and hears itself. */
const { Server } = await importPeer<SocketIoModule>("socket.io");
const server = createServer();
const io = new Server(server, { transports: ["websocket"] });

io.on("connection", (socket) => {
  const room = `room-${socket.handshake.query["room"] ?? ""}`;
  socket.join(room);
  socket.on("m", (text) => io.to(room).emit("m", text));
});
listenAndAnnounce(server);
