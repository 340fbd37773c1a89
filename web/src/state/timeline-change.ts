import type { TimelineItem } from "./contract.ts";

/** The next rows that a view is given, and whether there are more changes to come after them. */
export interface NextRows {
  readonly items: readonly TimelineItem[];
  readonly change: "replace" | "head" | "tail" | "none";
  readonly hasMore: boolean;
}

/**
 * How rows become others so that the list can keep its place: a virtual list knows the heights of its rows
 * by their index, so it must be told at which end rows came or went, and it can be told of one end at a
 * time only. When both changed, the head comes first and the tail with the next frame.
 */
export function nextRows(before: readonly TimelineItem[], rows: readonly TimelineItem[]): NextRows {
  const whole = (change: NextRows["change"]): NextRows => ({ items: rows, change, hasMore: false });
  // The first rows of an empty list come in at its end, as the next ones do.
  if (before.length === 0) return whole(rows.length === 0 ? "none" : "tail");
  if (rows.length === 0) return whole("replace");
  const isSameHead = before[0]?.key === rows[0]?.key;
  const isSameTail = before.at(-1)?.key === rows.at(-1)?.key;
  if (isSameHead) {
    if (before.length === rows.length && isSameTail) {
      const isSame = rows.every((row, index) => row === before[index]);
      return isSame ? { items: before, change: "none", hasMore: false } : whole("none");
    }
    return whole("tail");
  }
  if (isSameTail) return whole("head");
  const indexes = new Map(rows.map(({ key }, index) => [key, index]));
  const lastCommon = before.findLastIndex(({ key }) => indexes.has(key));
  const end = indexes.get(before[lastCommon]?.key ?? "");
  if (end === undefined) return whole("replace");
  return {
    items: [...rows.slice(0, end + 1), ...before.slice(lastCommon + 1)],
    change: "head",
    hasMore: true,
  };
}
