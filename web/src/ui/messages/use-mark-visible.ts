import { type RefObject, useCallback, useRef } from "react";
import type { VirtualizerHandle } from "virtua";
import type { TimelineItem } from "../../state/contract.ts";

/** Gives a function that tells the newest message whose end is in sight, when it is another than before. */
export function useMarkVisible(
  list: RefObject<VirtualizerHandle | null>,
  items: readonly TimelineItem[],
  tell: (offset: number) => void,
): () => void {
  const told = useRef(0);
  return useCallback(() => {
    const handle = list.current;
    if (handle === null || items.length === 0) return;
    const bottom = handle.scrollOffset + handle.viewportSize + 2;
    let index = Math.min(handle.findItemIndex(bottom), items.length - 1);
    // The row that the lower edge cuts has not been read.
    while (index >= 0 && handle.getItemOffset(index) + handle.getItemSize(index) > bottom) index--;
    for (; index >= 0; index--) {
      const item = items[index];
      if (item?.type !== "message" || item.message.offset === 0) continue;
      if (item.message.offset !== told.current) {
        told.current = item.message.offset;
        tell(item.message.offset);
      }
      return;
    }
  }, [list, items, tell]);
}
