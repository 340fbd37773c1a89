import { createServer } from "node:net";
import { listenAndAnnounce } from "./node-listen.ts";

/** Echo in node:net: what arrived is written back at once. */
listenAndAnnounce(
  createServer({ noDelay: true }, (socket) => {
    socket.on("data", (bytes) => socket.write(bytes));
    socket.on("error", () => socket.destroy());
  }),
);
