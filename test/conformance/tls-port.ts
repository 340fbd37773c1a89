import { realClock } from "../../src/base/clock.ts";
import type {
  AcceptEvents,
  CompletionPort,
  ConnectEvents,
  PortConnect,
  PortListener,
  PortSocket,
} from "../../src/engine/completion-port.ts";
import { SendBufferPool } from "../../src/engine/memory/send-buffer-pool.ts";
import { Errno } from "../../src/engine/port-error.ts";
import type { SocketAddress } from "../../src/engine/socket-address.ts";
import type { ConnectOptions, ListenOptions } from "../../src/engine/socket-options.ts";
import { makeCertificate } from "../../src/engine/tls/make-certificate.ts";
import { TlsClient } from "../../src/engine/tls/tls-client.ts";
import { TlsEntrance } from "../../src/engine/tls/tls-entrance.ts";
import type { TlsDriver } from "../../src/engine/tls/tls-options.ts";
import type { PortEnvironment, PortSubject } from "./environments.ts";

const DAY_MS = 86_400_000;
const nowMs = realClock.wallMs();
const certificate = makeCertificate({
  names: ["127.0.0.1"],
  validFromMs: nowMs - DAY_MS,
  validToMs: nowMs + DAY_MS,
});

/** The same ports, on which every connection is a TLS connection, for suites that know nothing of it. */
export function overTls(subject: PortSubject, driver: TlsDriver): PortSubject {
  return {
    ...subject,
    name: `TLS by ${driver} on ${subject.name}`,
    create: async () => patient(await subject.create(), driver),
  };
}

function patient(env: PortEnvironment, driver: TlsDriver): PortEnvironment {
  return {
    ...env,
    server: tlsPort(env.server, driver),
    client: tlsPort(env.client, driver),
    // TLS goes on in rounds of the event loop, which a simulated network knows nothing of.
    until: async (predicate, what) => {
      for (let round = 0; env.network !== undefined && round < 50; round++) {
        if (await env.network.runUntilAsync(predicate, { maxSteps: 20_000_000 })) return;
      }
      await env.until(predicate, what);
    },
    settled: async (promise) => {
      if (env.network === undefined) return env.settled(promise);
      let isSettled = false;
      const settle = (): void => {
        isSettled = true;
      };
      promise.then(settle, settle);
      for (let round = 0; round < 50 && !isSettled; round++) {
        await env.network.runUntilAsync(() => isSettled, { maxSteps: 20_000_000 });
      }
      return env.settled(promise);
    },
  };
}

/** `port`, but for `listen` and `connect`. */
function tlsPort(port: CompletionPort, driver: TlsDriver): CompletionPort {
  const pool = new SendBufferPool(port.arena);
  const client = new TlsClient({ fingerprint: certificate.fingerprint });
  let receivedBytes = 0;
  /** Counts what is received as it is once it is decrypted, as the suites expect it. */
  const counted = (socket: PortSocket): PortSocket => {
    const open = socket.open.bind(socket);
    socket.open = (events) => {
      const onReceived = events.onReceived.bind(events);
      open({
        onReceived: (bytes, start, end) => {
          receivedBytes += end - start;
          onReceived(bytes, start, end);
        },
        onReceiveEnded: (result) => events.onReceiveEnded(result),
        onSent: (result) => events.onSent(result),
        onClosed: () => events.onClosed(),
      });
    };
    return socket;
  };
  const counters = new Proxy(port.counters, {
    get: (target, name) => (name === "receivedBytes" ? receivedBytes : Reflect.get(target, name)),
  });
  const changed = {
    listen: async (
      address: SocketAddress,
      options: ListenOptions,
      events: AcceptEvents,
    ): Promise<PortListener> => {
      const entrance = new TlsEntrance(port, pool, { certificates: [certificate], driver });
      return port.listen(address, options, {
        onAccepted: (socket) =>
          entrance.accept(socket, {
            hasProxyHeader: false,
            onProxyHeader: () => true,
            onProxyFault: () => undefined,
            onSecured: (secured) => events.onAccepted(counted(secured)),
            onFailed: () => undefined,
            onLeft: () => undefined,
          }),
        onAcceptFailed: (result) => events.onAcceptFailed(result),
        onListenerClosed: () => void entrance.close().then(() => events.onListenerClosed()),
      });
    },
    connect: (address: SocketAddress, options: ConnectOptions, events: ConnectEvents): PortConnect => {
      return port.connect(address, options, {
        onConnected: (socket) => {
          client.secure(port, pool, socket, address.host, {
            onSecured: (secured) => events.onConnected(counted(secured)),
            onFailed: () => events.onConnectFailed(-Errno.ECONNRESET),
          });
        },
        onConnectFailed: (result) => events.onConnectFailed(result),
      });
    },
  };
  return new Proxy(port, {
    get(target, name) {
      if (name === "listen") return changed.listen;
      if (name === "connect") return changed.connect;
      if (name === "counters") return counters;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
