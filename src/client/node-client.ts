import {
  type BackendChoice,
  type CompletionPort,
  openPort,
  parseSocketAddress,
  type TlsClientOptions,
} from "../engine/index.ts";
import { ChatClient } from "./chat-client.ts";
import type { ChatClientOptions } from "./chat-client-options.ts";
import { environmentOf, TcpTransport } from "./tcp-transport.ts";

export interface OpenChatClientOptions extends Omit<ChatClientOptions, "transport" | "environment"> {
  /** "HOST:PORT"; the host may be a name. Default "127.0.0.1:9000". */
  readonly server?: string;
  /** Default "libuv": one connection gains nothing from more. */
  readonly backend?: BackendChoice;
  /** See `TcpTransportOptions`. Default: plain. */
  readonly tls?: TlsClientOptions;
}

/** A client with a port of its own. */
export interface OpenedChatClient {
  readonly client: ChatClient;
  readonly port: CompletionPort;
  /** Closes the client, then the port: nothing keeps the process alive after that. */
  readonly close: () => Promise<void>;
}

/**
 * Everything that a program on Node needs to chat over TCP:
 *
 * ```ts
 * const { client, close } = openChatClient({ server: "127.0.0.1:9000" });
 * const { lobby } = await client.connect({ name: "mina", password });
 * client.on("message", ({ sender, text }) => console.log(sender, text));
 * await client.publish(lobby.roomId, "hello");
 * await close();
 * ```
 *
 * Throws AddressError when `server` is not HOST:PORT.
 */
export function openChatClient(options: OpenChatClientOptions = {}): OpenedChatClient {
  const address = parseServer(options.server ?? "127.0.0.1:9000");
  const { port } = openPort({ backend: options.backend ?? "libuv" });
  const { tls } = options;
  const transport = new TcpTransport({ port, address, ...(tls === undefined ? {} : { tls }) });
  const client = new ChatClient({ ...options, transport, environment: environmentOf(port) });
  return {
    client,
    port,
    close: async () => {
      await client.close();
      await port.close();
    },
  };
}

/** "HOST:PORT" as a TcpTransport takes it. */
export function parseServer(text: string): ConstructorParameters<typeof TcpTransport>[0]["address"] {
  const named = /^(?<name>[A-Za-z][\w.-]*):(?<port>\d{1,5})$/.exec(text.trim());
  const name = named?.groups?.name;
  const port = Number(named?.groups?.port);
  if (name === undefined || name === "localhost" || port > 65_535) return parseSocketAddress(text);
  return { name, port };
}
