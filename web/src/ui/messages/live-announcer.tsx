import { type ReactElement, useEffect, useRef, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { MessageItem, TimelineSnapshot } from "../../state/contract.ts";

/** Messages that are read out one by one; when more come within a second, their number is. */
const READ_OUT = 3;
const PAUSE_MS = 1000;
/** Lines that are kept, so that a reader in the middle of one is not cut off. */
const KEPT = 6;

interface Line {
  readonly id: number;
  readonly text: string;
}

/**
 * Tells readers what is new. The list itself cannot be the live region: rows that come into view while
 * scrolling are new to the page and would be read out, history and all.
 */
export function LiveAnnouncer({ timeline }: { readonly timeline: TimelineSnapshot }): ReactElement {
  const { t } = useI18n();
  const [lines, setLines] = useState<readonly Line[]>([]);
  const heard = useRef({ place: timeline.place, offset: newestOffset(timeline) });
  const waiting = useRef<MessageItem[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const nextId = useRef(1);

  useEffect(() => {
    const newest = newestOffset(timeline);
    const known = heard.current;
    if (known.place !== timeline.place || timeline.change === "replace" || timeline.hasNewer) {
      heard.current = { place: timeline.place, offset: newest };
      waiting.current = [];
      return;
    }
    if (newest <= known.offset) return;
    waiting.current.push(...messagesAfter(timeline, known.offset));
    heard.current = { place: timeline.place, offset: newest };
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const messages = waiting.current.splice(0);
      const texts =
        messages.length > READ_OUT
          ? [t.messages.newCount(messages.length)]
          : messages.map(({ sender, displayName, text }) =>
              t.messages.announced(displayName === "" ? sender : displayName, text),
            );
      const added = texts.map((text) => ({ id: nextId.current++, text }));
      if (added.length > 0) setLines((before) => [...before, ...added].slice(-KEPT));
    }, PAUSE_MS);
  }, [timeline, t]);

  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <div className="visually-hidden" role="log" aria-live="polite" aria-relevant="additions">
      {lines.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}

function newestOffset({ items }: TimelineSnapshot): number {
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at];
    if (item?.type === "message" && item.message.offset > 0) return item.message.offset;
  }
  return 0;
}

/** Of others; at most so many that their number is what is said. */
function messagesAfter({ items }: TimelineSnapshot, offset: number): MessageItem[] {
  const found: MessageItem[] = [];
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at];
    if (item?.type !== "message" || item.message.offset === 0) continue;
    if (item.message.offset <= offset) break;
    if (!item.message.isOwn && !item.message.deleted) found.unshift(item.message);
  }
  return found;
}
