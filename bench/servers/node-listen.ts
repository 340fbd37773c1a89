import type { AddressInfo, Server } from "node:net";
import { announce } from "./control.ts";

/** Listens on a free port of the loopback and says so. The backlog is the one Portico listens with. */
export function listenAndAnnounce(server: Server): void {
  server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
    announce((server.address() as AddressInfo).port);
  });
}
