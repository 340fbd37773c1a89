import { ChatClient } from "../chat-client.ts";
import type { ChatClientOptions } from "../chat-client-options.ts";
import type { ClientEvent, ClientEventType, ClientState } from "../client-events.ts";
import { ManualEnvironment } from "./manual-environment.ts";
import { ScriptedServer } from "./scripted-server.ts";

/** A client, its far end and everything it told. */
export interface ClientRig {
  readonly environment: ManualEnvironment;
  readonly server: ScriptedServer;
  readonly client: ChatClient;
  readonly told: ClientEvent[];
  /** "10 jun m10", own ones "11 mina* m11", in the order they were told. */
  readonly messages: () => string[];
  readonly states: () => ClientState["name"][];
}

const EVENT_TYPES: readonly ClientEventType[] = [
  "state",
  "token",
  "message",
  "whisper",
  "edited",
  "deleted",
  "reaction",
  "typing",
  "read",
  "roomUpdated",
  "roomClosed",
  "invited",
  "muted",
  "userJoined",
  "userLeft",
  "memberCount",
  "resumed",
  "gap",
  "roomLost",
  "warning",
];

export function openRig(options: Partial<ChatClientOptions> = {}): ClientRig {
  const environment = new ManualEnvironment();
  const server = new ScriptedServer();
  const client = new ChatClient({ transport: server, environment, ...options });
  const told: ClientEvent[] = [];
  for (const type of EVENT_TYPES) client.on(type, (event) => told.push(event));
  return {
    environment,
    server,
    client,
    told,
    messages: () =>
      told.flatMap((event) =>
        event.type === "message"
          ? [`${event.offset} ${event.sender}${event.isOwn ? "*" : ""} ${event.text}`]
          : [],
      ),
    states: () => told.flatMap((event) => (event.type === "state" ? [event.state.name] : [])),
  };
}

export const CREDENTIALS = { name: "mina", password: "correct horse" } as const;

/** A rig whose client is logged in. */
export async function openOnline(options: Partial<ChatClientOptions> = {}): Promise<ClientRig> {
  const rig = openRig(options);
  const connected = rig.client.connect(CREDENTIALS);
  rig.server.current.welcome();
  await connected;
  return rig;
}

/** Breaks the connection and lets the client make the next one, which is not greeted yet. */
export function reconnect(rig: ClientRig): void {
  rig.server.current.end();
  const { state } = rig.client;
  rig.environment.advance(state.name === "offline" ? state.retryInMs : 0);
}
