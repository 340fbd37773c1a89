/** An echo server on the engine: `npm run example:echo`, then `nc 127.0.0.1 7000`. */
import { formatSocketAddress, openPort, parseSocketAddress, Service } from "../../src/engine/index.ts";

const { port, why } = openPort();

const service = new Service({
  port,
  kind: "server",
  limits: { receivePauseBytes: 262_144 }, // who does not read is not read from
  createHandler: () => ({
    onConnected: (session) => console.log(`+ ${formatSocketAddress(session.remote)}`),
    onFrame: (session, bytes, start, end) => void session.sendBytes(bytes, start, end),
    onDisconnected: (session, reason) => console.log(`- ${formatSocketAddress(session.remote)} ${reason}`),
  }),
});

const listener = await service.listen(parseSocketAddress(process.argv[2] ?? "127.0.0.1:7000"));
console.log(`listening on ${formatSocketAddress(listener.address)} with ${port.backend} (${why})`);

process.once("SIGINT", () => void service.close().then(() => port.close()));
