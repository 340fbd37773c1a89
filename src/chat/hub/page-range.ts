import type { RequestOf } from "./command.ts";

/** Where a log begins and ends; 0 and 0 when it is empty. Offsets have no gaps between. */
export interface LogBounds {
  readonly firstOffset: number;
  readonly lastOffset: number;
}

/** The offsets of a page, both included; empty when `end` is below `start`. */
export interface PageRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The entries that a page is to have. "time" is "after" once the offset is known. "around" has half of
 * `limit` before the entry and the rest after it.
 */
export function pageRange(
  mode: RequestOf<"history">["mode"],
  offset: number,
  limit: number,
  { firstOffset, lastOffset }: LogBounds,
): PageRange {
  const first = Math.max(1, firstOffset);
  if (mode === "before") {
    const end = offset === 0 ? lastOffset : Math.min(offset - 1, lastOffset);
    return { start: Math.max(first, end - limit + 1), end };
  }
  if (mode === "around") {
    const middle = Math.max(first, Math.min(offset, lastOffset));
    const start = middle - Math.floor((limit - 1) / 2);
    return { start: Math.max(first, start), end: Math.min(start + limit - 1, lastOffset) };
  }
  const start = Math.max(offset + 1, first);
  return { start, end: Math.min(start + limit - 1, lastOffset) };
}

/** Whether the log goes on beyond the page, in the direction that was asked for. */
export function hasMore(
  mode: RequestOf<"history">["mode"],
  { start, end }: PageRange,
  { firstOffset, lastOffset }: LogBounds,
): boolean {
  return mode === "before" ? end >= start && start > firstOffset : end < lastOffset;
}
