import { openSqliteStore } from "../../src/chat/store/sqlite/sqlite-store.ts";

/**
 * A process that appends to four rooms until it is killed, and writes one line to standard output for
 * each message that was acknowledged: room id, offset, client message id.
 *
 * With "changes" as the third argument it says, edits and deletes instead, and marks what it read; a line
 * is then room id, offset of the message, and "said", "edited", "deleted" or "read".
 *
 * Arguments: data directory, prefix of the client message ids.
 */
const CALLERS = 64;
const [directory, prefix, mode] = process.argv.slice(2);
if (directory === undefined || prefix === undefined) throw new Error("usage: DIRECTORY PREFIX");

const store = await openSqliteStore({ directory });
const rooms = await Promise.all(
  ["a", "b", "c", "d"].map((name) => store.ask("openRoom", { name, kind: "logged", members: [], nowMs: 1 })),
);
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
        kind: "text",
        target: 0,
        replyTo: 0,
        asModerator: false,
      } as const;
    });
    const answers = await store.append(messages);
    const lines = messages.map(
      ({ roomId, clientMessageId }, index) => `${roomId} ${answers[index]?.offset} ${clientMessageId}\n`,
    );
    process.stdout.write(lines.join(""));
  }
}

async function changeForever(caller: number): Promise<never> {
  const roomId = rooms[caller % rooms.length]?.id ?? 0;
  const userId = -1 - caller;
  await store.ask("setMember", { roomId, userId, nowMs: 1, role: "member", userName: `guest${caller}` });
  for (;;) {
    const id = `${prefix}-${serial++}`;
    const base = { roomId, senderId: userId, senderName: "Guest", timeMs: 1, replyTo: 0, asModerator: false };
    const say = async (kind: "text" | "edit" | "delete", target: number, text: string): Promise<number> => {
      const [appended] = await store.append([
        { ...base, kind, target, text, clientMessageId: `${id}-${kind}` },
      ]);
      return appended?.offset ?? 0;
    };
    const tell = (offset: number, what: string): boolean =>
      process.stdout.write(`${roomId} ${offset} ${what}\n`);
    const offset = await say("text", 0, id);
    tell(offset, "said");
    await say("edit", offset, `edited ${id}`);
    tell(offset, "edited");
    await store.ask("markRead", { roomId, userId, offset });
    tell(offset, `read ${userId}`);
    if (serial % 2 === 0) {
      await say("delete", offset, "");
      tell(offset, "deleted");
    }
  }
}

const work = mode === "changes" ? changeForever : appendForever;
await Promise.all(Array.from({ length: CALLERS }, (_, caller) => work(caller)));
