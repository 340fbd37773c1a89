import { openPort, Service, socketAddress } from "../../src/engine/index.ts";
import type { BackendChoice } from "../../src/engine/index.ts";
import { announce, option } from "./control.ts";

/** Echo on Portico's engine: what arrived is copied into a send buffer and leaves at the end of the turn. */
const { port } = openPort({ backend: option("backend", "auto") as BackendChoice });
const service = new Service({
  port,
  kind: "server",
  limits: { sessions: 20_000 },
  createHandler: () => ({
    onConnected: () => undefined,
    onFrame: (session, bytes, start, end) => session.sendBytes(bytes, start, end),
    onDisconnected: () => undefined,
  }),
});
const listener = await service.listen(socketAddress("127.0.0.1", 0));
announce(listener.address.port);
await port.run();
