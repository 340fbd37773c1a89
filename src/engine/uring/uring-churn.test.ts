import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { openRawEcho, type RawConnection } from "../../../test/support/raw-echo.ts";
import { realRandom, SeededRandom } from "../../base/random.ts";
import { Errno } from "../port-error.ts";
import { probeUring } from "./probe.ts";
import { openUringPort, type UringPortOptions } from "./uring-port.ts";

const probe = probeUring();
const skip = probe.available ? false : probe.reason;

const ways: readonly (readonly [name: string, options: UringPortOptions])[] = [
  ["with the defaults", {}],
  [
    "with everything short",
    {
      submissionEntries: 4,
      completionEntries: 8,
      receiveBufferCount: 4,
      receiveBufferBytes: 256,
      gatherBlocks: 2,
      completionsPerTurn: 3,
    },
  ],
  ["without multishot and deferred task work", { without: { multishot: false, setups: 2 } }],
];

/** What a connection does now and then, at any moment, as programs do. */
function misbehave(connection: RawConnection, random: SeededRandom): void {
  if (connection.isClosing) return;
  switch (random.below(12)) {
    case 0:
      connection.close(random.chance(2));
      break;
    case 1:
      connection.socket.stopReceiving();
      break;
    case 2:
      for (let index = random.below(100); index >= 0; index--) connection.write(Buffer.alloc(20), true);
      break;
    default:
      connection.write(Buffer.alloc(1 + random.below(30_000)));
  }
}

/**
 * The kernel writes into memory of ours for as long as an operation is outstanding. Here connections
 * end on both sides in the midst of everything; the port's own assertions (a completion belongs to
 * the present owner of its slot, each request completes once) are what is being tested.
 */
describe("UringPort under churn", { skip }, () => {
  for (const [name, options] of ways) {
    it(`keeps its books ${name}`, async (context) => {
      const seed = new DataView(realRandom.bytes(4).buffer).getUint32(0);
      context.diagnostic(`seed ${seed}`);
      const random = new SeededRandom(seed);
      const port = openUringPort({ arenaLimitBytes: 64 * 1024 * 1024, ...options });
      const all: RawConnection[] = [];
      const { listener, pool } = await openRawEcho(port, {
        onConnection(connection) {
          all.push(connection);
          connection.onBytes = () => misbehave(connection, random);
          connection.onReceiveEnded = (result) => {
            if (connection.isClosing) return;
            if (result === -Errno.ECANCELED && random.below(4) > 0) connection.socket.startReceiving();
            else connection.close(random.chance(2));
          };
        },
      });
      const client = async (): Promise<void> => {
        for (let round = 0; round < 40; round++) {
          const socket = connect({ port: listener.address.port, host: "127.0.0.1" });
          socket.on("error", () => {});
          if (random.chance(3)) socket.resume();
          for (let count = random.below(5); count >= 0; count--) {
            socket.write(Buffer.alloc(1 + random.below(5000)));
            await new Promise((resolve) => setImmediate(resolve));
          }
          if (random.chance(2)) socket.resetAndDestroy();
          else socket.destroy();
          if (!socket.closed) await once(socket, "close");
        }
      };
      await Promise.all(Array.from({ length: 30 }, client));
      // They wait in the listener's queue meanwhile, also those whose clients have gone.
      while (port.counters.accepted < 1200) await new Promise((resolve) => setImmediate(resolve));
      await port.close();
      for (const connection of all) {
        assert.equal(connection.happened.at(-1), "closed");
        assert.equal(connection.happened.filter((what) => what === "closed").length, 1);
      }
      const { accepted, completions, receivedBytes, sentBytes } = port.counters;
      context.diagnostic(
        `${accepted} connections, ${completions} completions, ${receivedBytes} + ${sentBytes} bytes`,
      );
      assert.ok(accepted > 0 && receivedBytes > 0 && sentBytes > 0);
      assert.equal(all.length, accepted);
      assert.equal(port.counters.openSockets, 0);
      assert.equal(port.counters.outstandingOperations, 0);
      pool.trim();
      assert.equal(pool.usedCount, 0, "every chunk is back");
    });
  }
});
