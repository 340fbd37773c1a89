import {
  type BackendChoice,
  BackendUnavailableError,
  formatSocketAddress,
  openPort,
  PortError,
  rawFramer,
  Service,
  type SessionHandler,
  type SocketAddress,
} from "../engine/index.ts";
import { CliError } from "./cli-error.ts";
import { stopSignal } from "./signals.ts";
import { printLine } from "./standard-streams.ts";

export interface EchoOptions {
  readonly address: SocketAddress;
  readonly backend: BackendChoice;
}

/** A peer with more than this unsent is not read from until half of it has left. */
const PAUSE_BYTES = 262_144;

/** Receives that are under way when reading stops still come: their bytes fit in here too. */
const QUEUE_LIMIT_BYTES = 16_777_216;

/** A peer that has finished sending may take this long to read the rest. */
const DRAIN_MS = 60_000;

/** One for all sessions: an echo remembers nothing. */
const echo: SessionHandler = {
  onConnected: () => undefined,
  onFrame: (session, bytes, start, end) => void session.sendBytes(bytes, start, end),
  onDisconnected: () => undefined,
};

/** `portico echo`: sends every byte back, until SIGINT or SIGTERM. */
export async function runEcho(options: EchoOptions): Promise<void> {
  const where = formatSocketAddress(options.address);
  const { port, why } = open(options.backend);
  const service = new Service({
    port,
    kind: "server",
    framer: rawFramer,
    createHandler: () => echo,
    limits: {
      receivePauseBytes: PAUSE_BYTES,
      sendQueueBytes: QUEUE_LIMIT_BYTES,
      drainTimeoutMs: DRAIN_MS,
    },
  });
  try {
    const listener = await service.listen(options.address);
    printLine(`listening ${formatSocketAddress(listener.address)} on ${port.backend} (${why})`);
  } catch (error) {
    await port.close();
    if (!(error instanceof PortError)) throw error;
    const reason = error.code === "EADDRINUSE" ? "the port is in use by another program" : error.code;
    throw new CliError(`echo cannot listen on ${where}: ${reason}`, undefined, { cause: error });
  }
  await stopSignal();
  for (const session of service.sessions()) session.abort("SHUTDOWN");
  await service.close();
  await port.close();
}

function open(backend: BackendChoice): ReturnType<typeof openPort> {
  try {
    return openPort({ backend });
  } catch (error) {
    if (error instanceof BackendUnavailableError)
      throw new CliError(error.message, undefined, { cause: error });
    throw error;
  }
}
