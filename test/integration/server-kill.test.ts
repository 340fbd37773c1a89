import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../src/base/random.ts";
import { openChatClient, type OpenedChatClient } from "../../src/client/index.ts";
import { ServeProcess } from "../support/serve-process.ts";
import { autoBackend } from "../support/test-ports.ts";

const CLIENTS = 8;
const KILLS = 4;

/** Without limits that would only slow the test down. */
const settings = [
  "rates.packetsPerSecond=0",
  "rates.loginsPerMinutePerAddress=0",
  "rates.registrationsPerHourPerAddress=0",
];

describe(`a server on ${autoBackend} killed under load`, () => {
  it("keeps every acknowledged message, once, and its clients go on by themselves", async (test) => {
    const seed = Number(process.env.PORTICO_SEED ?? Date.now() % 1_000_000);
    test.diagnostic(`PORTICO_SEED=${seed}`);
    const random = new SeededRandom(seed);
    const directory = mkdtempSync(join(tmpdir(), "portico-kill-"));
    let server = await ServeProcess.start(directory, { settings });
    const address = server.packets;
    const clients: OpenedChatClient[] = [];
    const acknowledged = new Map<string, number>();
    const heard: string[][] = [];
    let isOver = false;
    let attempted = 0;

    const talk = async (client: OpenedChatClient, name: string, lobby: number): Promise<void> => {
      for (let number = 1; !isOver; number++) {
        const text = `${name} ${number}`;
        attempted++;
        const { offset } = await client.client.publish(lobby, text);
        assert.ok(!acknowledged.has(text));
        acknowledged.set(text, offset);
      }
    };

    try {
      const talks: Promise<void>[] = [];
      for (let index = 0; index < CLIENTS; index++) {
        const name = `talker${index}`;
        const opened = openChatClient({
          server: address,
          backoff: { firstMs: 20, capMs: 200 },
          refusalLimit: 1000,
        });
        clients.push(opened);
        const texts: string[] = [];
        heard.push(texts);
        opened.client.on("message", ({ text }) => texts.push(text));
        const { lobby } = await opened.client.connect(
          { name, password: `password of ${name}` },
          { register: true },
        );
        // Two at a time from each, so that a kill finds messages in every state.
        talks.push(talk(opened, `${name} a`, lobby.roomId), talk(opened, `${name} b`, lobby.roomId));
      }
      for (let kill = 0; kill < KILLS; kill++) {
        await delay(200 + random.below(400));
        await server.kill();
        const before = acknowledged.size;
        server = await ServeProcess.start(directory, { packets: address, settings });
        // Everybody is back and is heard again before the next blow.
        while (acknowledged.size < before + CLIENTS * 4) await delay(5);
      }
      isOver = true;
      await Promise.all(talks);
      await Promise.all(clients.map(({ client }) => client.flushed()));

      const reader = clients[0] as OpenedChatClient;
      const lobby = reader.client.rooms[0]?.roomId ?? 0;
      const log: string[] = [];
      for (let more = true; more;) {
        const page = await reader.client.history(lobby, { after: log.length, limit: 200 });
        for (const { offset, text } of page.messages) {
          assert.equal(offset, log.length + 1, "offsets have no gaps");
          log.push(text);
        }
        ({ more } = page);
      }
      for (const [text, offset] of acknowledged)
        assert.equal(log[offset - 1], text, "what was acknowledged is there");
      assert.equal(new Set(log).size, log.length, "nothing is there twice");
      assert.equal(
        log.length,
        attempted,
        "everything that was said is there, since everything was acknowledged in the end",
      );
      assert.equal(acknowledged.size, attempted);

      // And everybody heard all of it from where they came in, in order, once.
      for (const texts of heard) {
        const from = log.indexOf(texts[0] ?? "");
        while (texts.length < log.length - from) await delay(5);
        assert.deepEqual(texts, log.slice(from));
      }
      test.diagnostic(`${log.length} messages over ${KILLS} kills`);
      await Promise.all(clients.map((opened) => opened.close()));
      assert.equal(await server.stop(), 0);
    } finally {
      isOver = true;
      await Promise.allSettled(clients.map((opened) => opened.close()));
      await server.kill();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
