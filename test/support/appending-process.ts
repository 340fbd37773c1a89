import { openSqliteStore } from "../../src/chat/store/sqlite/sqlite-store.ts";

/**
 * A process that appends to four rooms until it is killed, and writes one line to standard output for
 * each message that was acknowledged: room id, offset, client message id.
 *
 * Arguments: data directory, prefix of the client message ids.
 */
const CALLERS = 64;
const [directory, prefix] = process.argv.slice(2);
if (directory === undefined || prefix === undefined) throw new Error("usage: DIRECTORY PREFIX");

const store = await openSqliteStore({ directory });
const rooms = await Promise.all(["a", "b", "c", "d"].map((name) => store.openRoom(name, "logged", 1)));
let serial = 0;

async function appendForever(caller: number): Promise<never> {
  for (;;) {
    const count = (caller % 3) + 1;
    const messages = Array.from({ length: count }, () => {
      const clientMessageId = `${prefix}-${serial++}`;
      const roomId = rooms[serial % rooms.length]?.id ?? 0;
      return {
        roomId,
        senderId: 1,
        senderName: "One",
        clientMessageId,
        text: clientMessageId,
        timeMs: serial,
      };
    });
    const answers = await store.append(messages);
    const lines = messages.map(
      ({ roomId, clientMessageId }, index) => `${roomId} ${answers[index]?.offset} ${clientMessageId}\n`,
    );
    process.stdout.write(lines.join(""));
  }
}

await Promise.all(Array.from({ length: CALLERS }, (_, caller) => appendForever(caller)));
