import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "../base/random.ts";
import { ChatClient } from "./chat-client.ts";
import type { ClientEventOf } from "./client-events.ts";
import { ManualEnvironment } from "./testing/manual-environment.ts";
import { ModelServer } from "./testing/model-server.ts";

interface Run {
  readonly server: ModelServer;
  readonly told: (ClientEventOf<"message"> | ClientEventOf<"resumed">)[];
  readonly published: { readonly text: string; outcome: string }[];
  readonly beganAfter: number;
}

/** A client talks in a room for a while over a network that breaks; then the network heals. */
async function run(seed: number, isHistoryLossy: boolean): Promise<Run> {
  const random = new SeededRandom(seed);
  const environment = new ManualEnvironment(seed + 1);
  const server = new ModelServer(random);
  const client = new ChatClient({
    transport: server,
    environment,
    refusalLimit: 1000,
    backoff: { capMs: 500 },
  });
  const told: Run["told"] = [];
  client.on("message", (event) => told.push(event));
  client.on("resumed", (event) => told.push(event));
  for (let count = random.below(5); count > 0; count--) server.say("jun", "before our time");
  const connected = client.connect({ name: "mina", password: "correct horse" });
  let beganAfter = -1;
  client.on("state", ({ state }) => {
    if (state.name === "online" && beganAfter < 0) beganAfter = server.lastOffset;
  });
  while (client.state.name !== "online") server.step();
  // The login's answer may have been on its way while somebody spoke; here nobody did.
  await connected;
  const published: Run["published"] = [];
  const publish = (): void => {
    const entry = { text: `own ${published.length}`, outcome: "none" };
    published.push(entry);
    const settle = async (): Promise<void> => {
      entry.outcome = await client.publish(1, entry.text).then(({ offset }) => `${offset}`, String);
    };
    void settle();
  };
  for (let count = 0; count < 300; count++) {
    const dice = random.next();
    if (dice < 0.6) server.step();
    else if (dice < 0.7) publish();
    else if (dice < 0.8) server.say("jun", `jun ${server.lastOffset}`);
    else if (dice < 0.85) server.say("mina", `other session ${server.lastOffset}`);
    else if (dice < 0.9) server.break();
    else if (dice < 0.99) environment.advance(random.below(400));
    else if (isHistoryLossy && random.chance(0.5)) server.trimmedCount = random.below(server.lastOffset + 1);
    else if (isHistoryLossy) server.restartRoom();
  }
  for (let count = 0; count < 3000 && (client.pendingCount > 0 || server.step()); count++) {
    server.step();
    environment.advance(20);
  }
  while (server.step());
  environment.advance(2000);
  while (server.step());
  await client.flushed();
  return { server, told, published, beganAfter };
}

const SEEDS = 300;

describe("resuming over a network that breaks", () => {
  it(`tells every message once and in order, own ones as own (${SEEDS} seeds)`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { server, told, published, beganAfter } = await run(seed, false);
      const where = `seed ${seed}`;
      const messages = told.filter((event) => event.type === "message");
      assert.deepEqual(
        messages.map(({ offset, sender, text, isOwn }) => `${offset} ${sender} ${text} ${isOwn}`),
        server.log
          .slice(beganAfter)
          .map(({ offset, sender, text }) => `${offset} ${sender} ${text} ${text.startsWith("own ")}`),
        where,
      );
      for (const { text, outcome } of published) {
        const copies = server.log.filter((message) => message.text === text);
        assert.deepEqual(
          copies.map(({ offset }) => `${offset}`),
          [outcome],
          `${where}: ${text}`,
        );
      }
      assert.ok(
        told.every((event) => event.type !== "resumed" || event.recovered),
        where,
      );
    }
  });

  it(`tells when messages are lost, and is in order all the same (${SEEDS} seeds)`, async () => {
    let lossCount = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { told, beganAfter } = await run(seed, true);
      let expected: number | undefined = beganAfter + 1;
      for (const event of told) {
        if (event.type === "resumed") {
          if (!event.recovered) {
            expected = undefined;
            lossCount++;
          }
        } else {
          assert.equal(event.offset, expected ?? event.offset, `seed ${seed}`);
          expected = event.offset + 1;
        }
      }
    }
    assert.ok(lossCount > SEEDS / 4, `${lossCount} losses were tried`);
  });
});
