import { PacketType } from "../../../protocol/codes.ts";
import { packetSize } from "../../../protocol/packet-encoder.ts";
import type { HistoryMessage } from "../../hub/event.ts";
import { historyNotice } from "./message-notice.ts";

/** What a packet with these items would take, whatever else is in it at its longest. */
type SizeOf<Item> = (items: readonly Item[]) => number;

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Not all of them fitted. */
  readonly isCut: boolean;
}

/** The items that fit in a packet: the first ones, or the last ones when the client reads backwards. */
export function fitPage<Item>(
  items: readonly Item[],
  sizeOf: SizeOf<Item>,
  limitBytes: number,
  isBackwards = false,
): Page<Item> {
  const frameBytes = sizeOf([]);
  let bytes = frameBytes;
  let count = 0;
  while (count < items.length) {
    const item = items[isBackwards ? items.length - 1 - count : count] as Item;
    bytes += sizeOf([item]) - frameBytes;
    if (bytes > limitBytes) break;
    count++;
  }
  if (count === items.length) return { items, isCut: false };
  return { items: isBackwards ? items.slice(items.length - count) : items.slice(0, count), isCut: true };
}

/** The items that fit in a packet around one of them, as many before it as behind where there are. */
function fitAround<Item>(
  items: readonly Item[],
  center: number,
  sizeOf: SizeOf<Item>,
  limitBytes: number,
): Page<Item> & { readonly isCutBehind: boolean } {
  const frameBytes = sizeOf([]);
  let freeBytes = limitBytes - frameBytes;
  const takes = (index: number): boolean => {
    if (index < 0 || index >= items.length) return false;
    const bytes = sizeOf([items[index] as Item]) - frameBytes;
    if (bytes > freeBytes) return false;
    freeBytes -= bytes;
    return true;
  };
  let [start, end] = [center, center];
  let [goesOn, goesBack] = [true, true];
  while (goesOn || goesBack) {
    if (goesOn) {
      goesOn = takes(end);
      if (goesOn) end++;
    }
    if (goesBack) {
      goesBack = takes(start - 1);
      if (goesBack) start--;
    }
  }
  const isCut = end - start < items.length;
  return { items: items.slice(start, end), isCut, isCutBehind: end < items.length };
}

/** How a page of history was asked for. */
export interface HistoryPlace {
  readonly mode: "after" | "before" | "around" | "time";
  /** Of "around": the offset in the middle; undefined: not known any more. */
  readonly around: number | undefined;
}

/**
 * The messages that fit in a packet: those nearest to where the client stands. One always comes, so that
 * a client gets on: what does not fit by itself (a text that was stored when longer ones were allowed,
 * very many different reactions) is shortened. `isCut`: more lie in the direction asked for.
 */
export function historyPage(
  messages: readonly HistoryMessage[],
  { mode, around }: HistoryPlace,
  limitBytes: number,
): Page<HistoryMessage> {
  const isBackwards = mode === "before";
  const center = around === undefined ? -1 : messages.findIndex(({ offset }) => offset >= around);
  if (mode === "around" && center >= 0) {
    const page = fitAround(messages, center, historySize, limitBytes);
    if (page.items.length > 0) return { items: page.items, isCut: page.isCutBehind };
    const nearest = shortened(messages[center] as HistoryMessage, historySize, limitBytes);
    return { items: [nearest], isCut: center < messages.length - 1 };
  }
  const page = fitPage(messages, historySize, limitBytes, isBackwards);
  if (page.items.length > 0 || messages.length === 0) return page;
  const nearest = messages[isBackwards ? messages.length - 1 : 0] as HistoryMessage;
  return { items: [shortened(nearest, historySize, limitBytes)], isCut: messages.length > 1 };
}

function historySize(messages: readonly HistoryMessage[]): number {
  return packetSize(PacketType.HISTORY_RESPONSE, {
    requestId: LONGEST_ID,
    messages: messages.map((message) => historyNotice(LONGEST_ID, message)),
    more: true,
  });
}

/** The id that takes the most bytes. */
export const LONGEST_ID = 0xffff_ffff;

/** A message with so many of its reactions, and so much of its text, that a packet with it fits. */
export function shortened(
  message: HistoryMessage,
  sizeOf: SizeOf<HistoryMessage>,
  limitBytes: number,
): HistoryMessage {
  let short = message;
  while (sizeOf([short]) > limitBytes && short.reactions.length > 0) {
    short = { ...short, reactions: short.reactions.slice(0, Math.floor(short.reactions.length / 2)) };
  }
  const excessBytes = sizeOf([short]) - limitBytes;
  if (excessBytes <= 0) return short;
  return { ...short, text: firstBytes(short.text, Buffer.byteLength(short.text) - excessBytes) };
}

/** The beginning of a text that takes at most so many bytes of UTF-8, whole characters. */
function firstBytes(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text);
  let end = Math.max(0, mostBytes);
  // The second and later bytes of a character begin with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
