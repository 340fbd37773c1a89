import { bunApi } from "./bun-api.ts";
import { announce } from "./control.ts";

/**
 * Bun's WebSocket server with its own publish/subscribe. The room is in the URL, the publisher hears
 * its own publication (server.publish sends to every subscriber).
 */
const server = bunApi().serve<{ room: string }>({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, self) {
    const room = new URL(request.url).searchParams.get("room") ?? "";
    return self.upgrade(request, { data: { room } }) ? undefined : new Response("a WebSocket is expected");
  },
  websocket: {
    idleTimeout: 0,
    open: (socket) => socket.subscribe(socket.data.room),
    message(socket, message) {
      server.publish(socket.data.room, message);
    },
  },
});
announce(server.port);
