import type { HistoryOptions } from "../../../src/client/index.ts";
import type { StoredMessage } from "../../../src/chat/store/store.ts";
import type { Device } from "./device.ts";
import type { Town } from "./town.ts";

/** Pages that each device asks for at the end, and words that it looks for. */
const PAGES = 3;
const SEARCH_LIMIT = 100;

export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
}

/** Rule 13: pages of history are the log's. */
export async function checkHistory(town: Town): Promise<void> {
  await town.forEachOnline(async (device) => {
    const rooms = [
      ...device.rooms.filter(({ kind }) => kind === "logged").map(({ roomId }) => roomId),
      ...town.conversationsOf(device),
    ];
    if (rooms.length === 0) return;
    for (let count = 0; count < PAGES; count++) await checkPage(town, device, town.pick(rooms));
  });
}

async function checkPage(town: Town, device: Device, roomId: number): Promise<void> {
  const account = town.disk.findAccount(device.person.name);
  const log = town.disk.log(roomId, account?.id ?? 0);
  const last = log.at(-1)?.offset ?? 0;
  const at = 1 + town.random.below(last + 3);
  const timeMs = (log[town.random.below(Math.max(1, log.length))]?.timeMs ?? 0) + town.random.below(2);
  const limit = 1 + town.random.below(12);
  const asked = town.pick<HistoryOptions>([
    { after: at },
    { before: at },
    { around: at },
    { fromTimeMs: timeMs },
  ]);
  const { messages, more } = await device.client.history(roomId, { ...asked, limit });
  const what = `history of room ${roomId}, ${JSON.stringify(asked)}, at most ${limit}`;
  const shown = messages.map(({ offset, kind, text, isDeleted }) => `${offset} ${kind} ${isDeleted} ${text}`);
  const matching = pageOf(log, asked, limit);
  town.mustEqual(
    13,
    what,
    shown,
    matching.map(({ offset, kind, text, deleted }) => `${offset} ${kind} ${deleted} ${text}`),
  );
  const beyond =
    asked.before === undefined
      ? (matching.at(-1)?.offset ?? last) < last
      : (matching[0]?.offset ?? 0) > (log[0]?.offset ?? 0);
  if (matching.length > 0 && more !== beyond) town.breach(13, `${what} says ${more ? "" : "no "}more`);
}

/** What the protocol says of the page. Where the newest lies before `around`, it is the middle. */
function pageOf(
  log: readonly StoredMessage[],
  asked: HistoryOptions,
  limit: number,
): readonly StoredMessage[] {
  const { after, before, around, fromTimeMs } = asked;
  if (after !== undefined) return log.filter(({ offset }) => offset > after).slice(0, limit);
  if (before !== undefined) return log.filter(({ offset }) => offset < before).slice(-limit);
  if (fromTimeMs !== undefined) {
    const first = log.find(({ timeMs }) => timeMs >= fromTimeMs);
    return first === undefined ? [] : log.filter(({ offset }) => offset >= first.offset).slice(0, limit);
  }
  const [oldest, newest] = [log[0]?.offset ?? 1, log.at(-1)?.offset ?? 1];
  const middle = Math.max(oldest, Math.min(around ?? 0, newest));
  const start = middle - Math.floor((limit - 1) / 2);
  return log.filter(({ offset }) => offset >= start && offset < start + limit);
}

/** Rule 13: what is found is what the logs have that the user may read. */
export async function checkSearch(town: Town): Promise<void> {
  await town.forEachOnline(async (device) => {
    const { name } = device.person;
    const word = town.words().split(" ")[0] ?? "";
    const account = town.disk.findAccount(name);
    const readable = new Set(
      device.client.rooms.filter(({ kind }) => kind === "logged").map(({ roomId }) => roomId),
    );
    if (account !== undefined) {
      for (const { id } of town.disk.ask("listRoomsOf", { userId: account.id, after: "", limit: 1000 }))
        readable.add(id);
      for (const { id } of town.disk.ask("listConversations", { userId: account.id, after: "", limit: 1000 }))
        readable.add(id);
    } else {
      for (const roomId of town.conversationsOf(device)) readable.add(roomId);
    }
    const has = ({ kind, deleted, text }: StoredMessage): boolean =>
      kind === "text" && !deleted && wordsOf(text).some((each) => each.startsWith(word));
    const expected = [...readable].flatMap((roomId) =>
      town.disk
        .log(roomId)
        .filter(has)
        .map(({ offset }) => `${roomId}:${offset}`),
    );
    const { messages, more } = await device.client.search(word, { limit: SEARCH_LIMIT });
    const found = messages.map(({ roomId, offset }) => `${roomId}:${offset}`);
    if (more) {
      for (const place of found)
        if (!expected.includes(place)) town.breach(13, `${name} found ${place} for ${word}`);
      return;
    }
    // Not every conversation of a guest is known: the store has no list of them.
    const shown = account === undefined ? found.filter((place) => expected.includes(place)) : found;
    town.mustEqual(13, `what ${name} finds for ${word}`, shown.toSorted(), expected.toSorted());
  });
}
