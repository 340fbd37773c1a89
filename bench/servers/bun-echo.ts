import { bunApi } from "./bun-api.ts";
import { BunWriter } from "./bun-writer.ts";
import { announce } from "./control.ts";

/** Echo in Bun: what arrived is written back at once. */
const server = bunApi().listen<BunWriter>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      socket.data = new BunWriter();
      socket.setNoDelay(true);
    },
    data: (socket, bytes) => socket.data.write(socket, bytes),
    drain: (socket) => socket.data.drain(socket),
    error: () => undefined,
  },
});
announce(server.port);
