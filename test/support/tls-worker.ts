import { once } from "node:events";
import { connect } from "node:tls";
import { workerData } from "node:worker_threads";
import { openPort, Service, type TlsCertificate } from "../../src/engine/index.ts";

/** A whole server over TLS in a thread: a client comes, is echoed and goes; the thread ends by itself. */
const certificate = workerData as TlsCertificate;
const { port } = openPort({ backend: "libuv" });
const service = new Service({
  port,
  kind: "server",
  createHandler: () => ({
    onConnected: () => undefined,
    onFrame: (session, bytes, start, end) => void session.sendBytes(bytes, start, end),
    onDisconnected: () => undefined,
  }),
});
const listener = await service.listen(
  { family: 4, host: "127.0.0.1", port: 0 },
  { tls: { certificates: [certificate], driver: "openssl", applicationProtocols: ["portico.v1"] } },
);
const client = connect({
  host: "127.0.0.1",
  port: listener.address.port,
  ca: certificate.certificate,
  servername: "localhost",
  ALPNProtocols: ["portico.v1"],
});
client.write("hello");
const [answer] = (await once(client, "data")) as [Buffer];
if (answer.toString() !== "hello" || client.alpnProtocol !== "portico.v1") process.exitCode = 3;
client.end();
await once(client, "close");
await service.close();
await port.close();
