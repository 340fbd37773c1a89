import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach } from "node:test";
import type { CompletionPort } from "../../src/engine/completion-port.ts";

/**
 * A way to open ports of one kind in the tests of a file, with an arena of 32 MiB unless the options say
 * otherwise. After each test the ports that it opened are closed.
 */
export function portOpener<Port extends CompletionPort, Options extends object>(
  openPort: (options: Options & { arenaLimitBytes?: number }) => Port,
): (options?: Options) => Port {
  let opened: Port[] = [];
  afterEach(async () => {
    await Promise.all(opened.map((port) => port.close()));
    opened = [];
  });
  return (options = {} as Options) => {
    const port = openPort({ arenaLimitBytes: 32 * 1024 * 1024, ...options });
    opened.push(port);
    return port;
  };
}

/** A client of Node's, connected to a port of this machine; its errors are nobody's. */
export async function dial(port: number, host = "127.0.0.1"): Promise<Socket> {
  const socket = connect({ port, host, noDelay: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Waits, a round of the event loop at a time; for ever, if need be: the test runner gives up then. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
