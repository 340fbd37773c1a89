import { SeededRandom } from "../../base/random.ts";
import { MessageKind } from "../../protocol/generated/portico/v1/portico_pb.js";
import { ChatClient } from "../chat-client.ts";
import type { ClientEventOf } from "../client-events.ts";
import { ManualEnvironment } from "./manual-environment.ts";
import { ModelServer } from "./model-server.ts";

type ToldEvent = ClientEventOf<"message" | "whisper" | "edited" | "deleted" | "reaction" | "resumed" | "gap">;

export interface TalkOptions {
  /** The server replays what was missed; otherwise the client fetches it. */
  readonly replays: boolean;
  /** The server leaves messages out when the client reads too slowly. */
  readonly skips?: boolean;
  /** History loses messages, and the room is made anew. */
  readonly loses?: boolean;
}

export interface TalkRun {
  readonly server: ModelServer;
  /** Of the lobby and of the conversation, in the order they were told. */
  readonly lobby: readonly ToldEvent[];
  readonly whispers: readonly ToldEvent[];
  /** What the client was asked to say or change: its id, and the offset it came to, or why not. */
  readonly sent: readonly { readonly id: string; readonly outcome: string }[];
  readonly beganAfter: number;
}

const CHANGES = [MessageKind.EDIT, MessageKind.DELETE, MessageKind.REACTION, MessageKind.REACTION_REMOVED];

/** A client talks for a while over a network that breaks; then the network heals, and everything arrives. */
export async function runTalk(seed: number, options: TalkOptions): Promise<TalkRun> {
  const random = new SeededRandom(seed);
  const environment = new ManualEnvironment(seed + 1);
  const server = new ModelServer({ random, replays: options.replays });
  const { lobby, whispers } = server;
  const client = new ChatClient({
    transport: server,
    environment,
    refusalLimit: 1000,
    backoff: { capMs: 500 },
  });
  const told: ToldEvent[] = [];
  for (const type of ["message", "whisper", "edited", "deleted", "reaction", "resumed", "gap"] as const)
    client.on(type, (event) => told.push(event));
  for (let count = random.below(5); count > 0; count--) server.say("jun", "before our time");
  for (let count = random.below(5); count > 0; count--) server.whisper("jun", "before our time");
  server.readOffset = random.below(whispers.lastOffset + 1);
  const connected = client.connect({ name: "mina", password: "correct horse" });
  let beganAfter = -1;
  client.on("state", ({ state }) => {
    if (state.name === "online" && beganAfter < 0) beganAfter = lobby.lastOffset;
  });
  while (client.state.name !== "online") server.step();
  // The login's answer may have been on its way while somebody spoke; here nobody did.
  await connected;
  const sent: { id: string; outcome: string }[] = [];
  const send = (): void => {
    const entry = { id: `own-${sent.length}`, outcome: "none" };
    sent.push(entry);
    const sending = sendSomething(client, random, server, entry.id);
    const settle = async (): Promise<void> => {
      entry.outcome = await sending.then(({ offset }) => `${offset}`, String);
    };
    void settle();
  };
  for (let count = 0; count < 300; count++) {
    const dice = random.next();
    if (dice < 0.55) server.step();
    else if (dice < 0.67) send();
    else if (dice < 0.73) server.say("jun", `jun ${lobby.lastOffset}`);
    else if (dice < 0.77) server.say("mina", `other session ${lobby.lastOffset}`);
    else if (dice < 0.8) server.say("jun", "a change", CHANGES[random.below(CHANGES.length)]);
    else if (dice < 0.83) server.whisper("jun", `jun whispers ${whispers.lastOffset}`);
    else if (dice < 0.85) server.whisper("mina", `other session whispers ${whispers.lastOffset}`);
    else if (dice < (options.skips === true ? 0.87 : 0.9)) server.break();
    else if (dice < 0.95 && options.skips === true) {
      if (random.chance(0.7)) server.beginSkip();
      else server.endSkip();
    } else if (dice < 0.99) environment.advance(random.below(400));
    else if (options.loses === true) {
      if (random.chance(0.7)) lobby.trimmedCount = random.below(lobby.lastOffset + 1);
      else server.restartLobby();
    }
  }
  server.endSkip();
  for (let count = 0; count < 3000 && (client.pendingCount > 0 || server.step()); count++) {
    server.step();
    environment.advance(20);
  }
  server.endSkip();
  for (let round = 0; round < 5; round++) {
    while (server.step());
    environment.advance(12_000);
  }
  await client.flushed();
  const isWhispered = (event: ToldEvent): boolean => event.roomId === whispers.roomId;
  return {
    server,
    lobby: told.filter((event) => !isWhispered(event)),
    whispers: told.filter(isWhispered),
    sent,
    beganAfter,
  };
}

function sendSomething(
  client: ChatClient,
  random: SeededRandom,
  server: ModelServer,
  clientMessageId: string,
): Promise<{ readonly offset: number }> {
  const { lobby, whispers } = server;
  const options = { clientMessageId };
  const log = random.chance(0.7) || whispers.lastOffset === 0 ? lobby : whispers;
  const target = 1 + random.below(log.lastOffset + 1);
  const dice = random.next();
  if (dice < 0.6) {
    if (random.chance(0.7)) return client.publish(lobby.roomId, `own text ${clientMessageId}`, options);
    return client.whisper("jun", `own whisper ${clientMessageId}`, options);
  }
  if (dice < 0.75) return client.edit(log.roomId, target, `own edit ${clientMessageId}`, options);
  if (dice < 0.85) return client.delete(log.roomId, target, options);
  return client.react(log.roomId, target, `own ${clientMessageId}`, {
    ...options,
    remove: random.chance(0.4),
  });
}
