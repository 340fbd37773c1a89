import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactElement,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { nameKey } from "../../../../src/protocol/names.ts";
import { useI18n } from "../../i18n/i18n-context.ts";
import type {
  Failure,
  MessageItem,
  PlaceSnapshot,
  TimelineItem,
  TimelineSnapshot,
} from "../../state/contract.ts";
import { failureText } from "../failure-text.ts";
import { Icon } from "../icons.tsx";
import { Button } from "../primitives/button.tsx";
import { Spinner } from "../primitives/spinner.tsx";
import { MessageRow } from "./message-row.tsx";
import { rightsOver, type RowHandlers, type RowPopup } from "./row-handlers.ts";
import { RowPopups } from "./row-popups.tsx";
import { useMarkVisible } from "./use-mark-visible.ts";

/** Nearer to an end than this, CSS pixels, and more is loaded. */
const LOAD_WITHIN = 600;
/** Nearer to the bottom than this counts as being there. */
const BOTTOM_WITHIN = 40;
const HIGHLIGHT_MS = 2400;
/** Frames in which a row that is to get the focus is waited for. */
const FOCUS_FRAMES = 20;
/** Of the row above the first message; it always takes its place, so that nothing jumps when its text changes. */
export const TOP_HEIGHT = 88;

export interface MessageListActions {
  readonly loadOlder: () => void;
  readonly loadNewer: () => void;
  readonly jumpToNewest: () => void;
  readonly markVisible: (offset: number) => void;
}

interface MessageListProps {
  readonly timeline: TimelineSnapshot;
  readonly place: PlaceSnapshot;
  readonly myName: string;
  readonly now: () => number;
  readonly handlers: Omit<RowHandlers, "open">;
  readonly actions: MessageListActions;
  /** Escape, and what is typed while a message has the focus. */
  readonly onLeave: () => void;
}

/**
 * The messages of a place: only the rows in sight are in the page. It stays at the bottom when it is there,
 * keeps its position when rows come in above, and goes where `timeline.jump` says. Give it another `key`
 * when all rows are others.
 */
export function MessageList(props: MessageListProps): ReactElement {
  const { timeline, place, myName, now, handlers, actions, onLeave } = props;
  const { t, format } = useI18n();
  const { items } = timeline;
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const isAtBottom = useRef(true);
  const [showsToNewest, setShowsToNewest] = useState(false);
  const [hoverKey, setHoverKey] = useState<string>();
  const [focusKey, setFocusKey] = useState<string>();
  const [highlightKey, setHighlightKey] = useState<string>();
  const [popup, setPopup] = useState<{
    key: string;
    kind: RowPopup;
    anchor: RefObject<HTMLElement | null>;
  }>();
  /** The row that is about to get the focus. */
  const coming = useRef<string>(undefined);
  const myKey = useMemo(() => nameKey(myName), [myName]);
  const keysToIndex = useMemo(() => new Map(items.map((item, index) => [item.key, index])), [items]);
  const focusIndex = focusKey === undefined ? undefined : keysToIndex.get(focusKey);
  const tabStopKey =
    focusIndex === undefined ? items.findLast(({ type }) => type === "message")?.key : focusKey;
  const messageAt = (key: string | undefined): MessageItem | undefined => {
    const item = key === undefined ? undefined : items[keysToIndex.get(key) ?? -1];
    return item?.type === "message" ? item.message : undefined;
  };
  const markVisible = useMarkVisible(list, items, actions.markVisible);

  const rowHandlers = useMemo<RowHandlers>(
    () => ({ ...handlers, open: (key, kind, anchor) => setPopup({ key, kind, anchor }) }),
    [handlers],
  );

  const toBottom = useCallback((): void => {
    const { length } = items;
    if (length > 0) list.current?.scrollToIndex(length - 1, { align: "end" });
  }, [items]);

  /** Looks where the list is: what to load, what has been seen, whether it is at the bottom. */
  const survey = useCallback((): void => {
    const handle = list.current;
    if (handle === null) return;
    const below = handle.scrollSize - handle.scrollOffset - handle.viewportSize;
    isAtBottom.current = below <= BOTTOM_WITHIN;
    setShowsToNewest(timeline.hasNewer || below > handle.viewportSize / 2);
    const isFaulty = timeline.loadFailure !== undefined;
    if (handle.scrollOffset < LOAD_WITHIN && timeline.hasOlder && !timeline.isLoadingOlder && !isFaulty) {
      actions.loadOlder();
    }
    if (below < LOAD_WITHIN && timeline.hasNewer && !timeline.isLoadingNewer && !isFaulty)
      actions.loadNewer();
    markVisible();
  }, [timeline, actions, markVisible]);

  // Where the list goes when its rows change. A jump is carried out once; without one a list that was at
  // the bottom stays there, unless newer messages than its last are still to be loaded.
  const doneSerial = useRef(0);
  const hadNewer = useRef(false);
  useLayoutEffect(() => {
    const { jump } = timeline;
    if (items.length === 0) return;
    if (jump !== undefined && jump.serial !== doneSerial.current) {
      doneSerial.current = jump.serial;
      isAtBottom.current = jump.align === "end" && jump.index === items.length - 1;
      list.current?.scrollToIndex(jump.index, { align: jump.align });
      if (jump.highlightKey !== undefined) {
        setHighlightKey(jump.highlightKey);
        setFocusKey(jump.highlightKey);
      }
    } else if (isAtBottom.current && !hadNewer.current) {
      toBottom();
    }
    hadNewer.current = timeline.hasNewer;
  }, [timeline, items, toBottom]);

  // The list has moved by the height of the rows that came in above. Until it hears of that itself, with
  // the next scroll event, it corrects the heights of these rows from where it was before: at the very top
  // that throws it back there, and one page after the other is loaded. So it hears of it now.
  useLayoutEffect(() => {
    if (timeline.change !== "head") return;
    queueMicrotask(() => scroller.current?.dispatchEvent(new Event("scroll")));
  }, [timeline]);

  useEffect(() => {
    if (highlightKey === undefined) return undefined;
    const timer = setTimeout(() => setHighlightKey(undefined), HIGHLIGHT_MS);
    return () => clearTimeout(timer);
  }, [highlightKey]);

  useEffect(() => {
    // After the frame: the handle knows the sizes of the new rows then.
    const frame = requestAnimationFrame(survey);
    return () => cancelAnimationFrame(frame);
  }, [survey]);

  function focusRow(index: number): void {
    const item = items[index];
    if (item === undefined) return;
    setFocusKey(item.key);
    list.current?.scrollToIndex(index, { align: "nearest" });
    focusWhenThere(item.key, FOCUS_FRAMES);
  }

  /** The row may have to be made first, and cannot have the focus before it has been measured. */
  function focusWhenThere(key: string, framesLeft: number): void {
    coming.current = key;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
    row?.focus({ preventScroll: true });
    if (framesLeft === 0 || (row !== null && row === document.activeElement)) coming.current = undefined;
    else requestAnimationFrame(() => coming.current === key && focusWhenThere(key, framesLeft - 1));
  }

  function moveFocus(from: number, step: 1 | -1): void {
    for (let at = from + step; at >= 0 && at < items.length; at += step) {
      if (items[at]?.type === "message") return focusRow(at);
    }
    if (step === 1) onLeave();
  }

  function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-key]");
    const key = row?.dataset["key"];
    const index = key === undefined ? undefined : keysToIndex.get(key);
    if (index === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      event.preventDefault();
      onLeave();
      return;
    }
    const command = commandOf(event, index, row);
    if (command === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    command();
  }

  function commandOf(
    event: KeyboardEvent<HTMLElement>,
    index: number,
    row: HTMLElement | null,
  ): (() => void) | undefined {
    switch (event.key) {
      case "ArrowUp":
        return () => moveFocus(index, -1);
      case "ArrowDown":
        return () => moveFocus(index, 1);
      case "Home":
        return () => focusRow(items.findIndex(({ type }) => type === "message"));
      case "End":
        return () => focusRow(items.findLastIndex(({ type }) => type === "message"));
      default:
    }
    // On a button in the row the letters are the button's.
    const message = messageAt(row?.dataset["key"]);
    if (message === undefined || event.target !== row || message.offset === 0) return undefined;
    const rights = rightsOver(message, place.permissions);
    const anchor = { current: row };
    switch (event.key.toLowerCase()) {
      case "r":
        return rights.maySpeak ? () => handlers.reply(message.offset) : undefined;
      case "e":
        return rights.mayEdit ? () => handlers.edit(message.offset) : undefined;
      case "+":
      case "=":
        return rights.mayReact ? () => rowHandlers.open(message.key, "emoji", anchor) : undefined;
      case "c":
        return message.deleted ? undefined : () => handlers.copyText(message.text);
      case "delete":
        return rights.mayRemove ? () => handlers.remove(message) : undefined;
      case "enter":
        return () => rowHandlers.open(message.key, "menu", anchor);
      default:
        return undefined;
    }
  }

  function onPointerOver(event: PointerEvent): void {
    // A finger does not hover, and what the browser makes of it after a touch is not meant either.
    if (event.pointerType === "touch" || !window.matchMedia("(hover: hover)").matches) return;
    const key = (event.target as HTMLElement).closest<HTMLElement>("[data-key]")?.dataset["key"];
    if (key !== hoverKey) setHoverKey(key);
  }

  function renderRow(item: TimelineItem): ReactElement {
    switch (item.type) {
      case "day":
        return (
          <div className="row-day" role="separator">
            <span>{format.day(item.dayMs, now())}</span>
          </div>
        );
      case "unread":
        return (
          <div className="row-unread" role="separator">
            <span>{t.messages.newOnes}</span>
          </div>
        );
      case "gap":
        return <p className="row-gap">{t.messages.gap}</p>;
      case "message":
        return (
          <MessageRow
            message={item.message}
            permissions={place.permissions}
            myKey={myKey}
            isActive={item.key === (popup?.key ?? hoverKey) || item.key === focusKey}
            isTabStop={item.key === tabStopKey}
            isHighlighted={item.key === highlightKey}
            handlers={rowHandlers}
          />
        );
    }
  }

  const popupMessage = messageAt(popup?.key);
  return (
    <div className="message-pane">
      <div
        ref={scroller}
        className="message-scroller scrolls"
        role="region"
        aria-label={t.messages.list(place.title)}
        onKeyDown={onKeyDown}
        onPointerOver={onPointerOver}
        onPointerLeave={() => setHoverKey(undefined)}
        onFocus={(event) => {
          const key = event.target.closest<HTMLElement>("[data-key]")?.dataset["key"];
          if (key !== undefined && key !== focusKey) setFocusKey(key);
        }}
        onBlur={(event) => {
          // The row stays the Tab stop, and is not active any more.
          if (!event.currentTarget.contains(event.relatedTarget) && popup === undefined)
            setFocusKey(undefined);
        }}
      >
        <div className="message-filler" />
        <ListTop timeline={timeline} place={place} onRetry={actions.loadOlder} />
        <Virtualizer
          ref={list}
          scrollRef={scroller}
          data={items}
          startMargin={TOP_HEIGHT}
          itemSize={44}
          bufferSize={600}
          shift={timeline.change === "head"}
          keepMounted={focusIndex === undefined ? [] : [focusIndex]}
          onScroll={survey}
          onResize={() => {
            if (isAtBottom.current && !timeline.hasNewer) toBottom();
          }}
        >
          {(item) => <div key={item.key}>{renderRow(item)}</div>}
        </Virtualizer>
        <div className="message-foot">
          {timeline.isLoadingNewer && <Spinner label={t.messages.loadingNewer} />}
        </div>
      </div>
      {timeline.isEmpty && <EmptyState failure={timeline.loadFailure} onRetry={actions.loadOlder} />}
      {showsToNewest && (
        <button type="button" className="to-newest" onClick={actions.jumpToNewest}>
          <Icon name="down" size={16} />
          {timeline.unreadCount > 0 ? t.messages.newCount(timeline.unreadCount) : t.messages.toNewest}
        </button>
      )}
      {popup !== undefined && popupMessage !== undefined && (
        <RowPopups
          kind={popup.kind}
          anchor={popup.anchor}
          message={popupMessage}
          rights={rightsOver(popupMessage, place.permissions)}
          handlers={rowHandlers}
          onClose={() => setPopup(undefined)}
        />
      )}
    </div>
  );
}

/** What stands above the first loaded message. */
function ListTop({
  timeline,
  place,
  onRetry,
}: {
  readonly timeline: TimelineSnapshot;
  readonly place: PlaceSnapshot;
  readonly onRetry: () => void;
}): ReactElement {
  const { t } = useI18n();
  const { isEmpty, isLoadingOlder, hasOlder, loadFailure, items } = timeline;
  return (
    <div className="message-top">
      {isEmpty ? null : loadFailure !== undefined ? (
        <p className="row-gap">
          {failureText(loadFailure, t)}{" "}
          <button type="button" className="link-button" onClick={onRetry}>
            {t.app.retry}
          </button>
        </p>
      ) : isLoadingOlder || hasOlder ? (
        isLoadingOlder && <Spinner label={t.messages.loadingOlder} />
      ) : (
        <div className="message-beginning">
          <h3>
            {place.kind === "direct"
              ? t.place.beginningDirect(place.title)
              : t.place.beginningRoom(place.title)}
          </h3>
          <p>
            {place.roomKind === "memory" ? t.place.memory : items.length === 0 ? t.place.empty : place.topic}
          </p>
        </div>
      )}
    </div>
  );
}

/** Before anything has been loaded. */
function EmptyState({
  failure,
  onRetry,
}: {
  readonly failure: Failure | undefined;
  readonly onRetry: () => void;
}): ReactElement {
  const { t } = useI18n();
  if (failure === undefined) {
    return (
      <div className="message-skeleton" aria-hidden="true">
        {[72, 44, 90, 58, 66].map((width, index) => (
          <div key={index} className={`skeleton-row skeleton-${width}`}>
            <span className="skeleton-face" />
            <span className="skeleton-lines" />
          </div>
        ))}
      </div>
    );
  }
  return (
    <div className="empty-state">
      <p>{t.messages.loadFailed}</p>
      <p className="muted">{failureText(failure, t)}</p>
      <Button onClick={onRetry} icon="retry">
        {t.app.retry}
      </Button>
    </div>
  );
}
