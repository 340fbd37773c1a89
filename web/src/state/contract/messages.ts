import type { Failure } from "./page.ts";
import type { PlaceKey } from "./places.ts";

export interface ReactionItem {
  readonly emoji: string;
  readonly count: number;
  readonly mine: boolean;
}

/** The message that another answers, or that is about to be answered. */
export interface ReplyPreview {
  readonly offset: number;
  /** Empty while it is being looked up. */
  readonly sender: string;
  /** At most 160 characters, one line; empty when deleted. */
  readonly excerpt: string;
  /** "gone": deleted, or not kept any more. */
  readonly state: "loading" | "known" | "gone";
}

/**
 * "queued": waits for a connection. "sending": on its way. "failed": see `failure`; offer retry and
 * discard. "sent": on the server.
 */
export type MessageState = "sent" | "sending" | "queued" | "failed";

/** A message as it is to be shown now. The same object for as long as nothing changes about it. */
export interface MessageItem {
  /** For React: the same before and after it is sent. */
  readonly key: string;
  /** 0 until it is sent. */
  readonly offset: number;
  readonly sender: string;
  /** How the sender is shown beside the name; empty: no more than the name. */
  readonly displayName: string;
  readonly isOwn: boolean;
  /** Plain text with line feeds. Empty when deleted. */
  readonly text: string;
  readonly timeMs: number;
  readonly edited: boolean;
  /** 0: never. */
  readonly editedMs: number;
  readonly deleted: boolean;
  readonly replyTo: ReplyPreview | undefined;
  readonly reactions: readonly ReactionItem[];
  readonly state: MessageState;
  readonly failure: Failure | undefined;
  readonly mentionsMe: boolean;
  /** False: the message before it is by the same sender, of the same day and within five minutes: leave name and avatar out. */
  readonly isGroupStart: boolean;
  /** An edit or deletion of it is on its way. */
  readonly isChanging: boolean;
}

/** One row of the list of messages. `key` is unique in the list. */
export type TimelineItem =
  | { readonly type: "message"; readonly key: string; readonly message: MessageItem }
  /** Before the first message of a day. `dayMs`: some time of that day, for formatting. */
  | { readonly type: "day"; readonly key: string; readonly dayMs: number }
  /** What was new when the place was opened begins here. */
  | { readonly type: "unread"; readonly key: string }
  /** Entries are missing here, and are not kept any more. */
  | {
      readonly type: "gap";
      readonly key: string;
      readonly fromOffset: number;
      readonly toOffset: number;
    };

/** Where the list is to scroll to: once for each `serial`. */
export interface TimelineJump {
  readonly serial: number;
  /** Index in `items`. */
  readonly index: number;
  readonly align: "start" | "center" | "end";
  /** Mark this row for a moment; undefined: none. */
  readonly highlightKey: string | undefined;
}

/**
 * The messages of the open place that are in memory: at most about 2000, a window on its log. Loads more
 * at either end when asked (`loadOlder`, `loadNewer`), and drops what is far from there.
 */
export interface TimelineSnapshot {
  readonly place: PlaceKey;
  readonly items: readonly TimelineItem[];
  /**
   * Against the snapshot before this one rows came or went at this end alone; "replace": all are others,
   * do not keep the scroll position; "none": rows changed in place. virtua: `shift={change === "head"}`.
   */
  readonly change: "replace" | "head" | "tail" | "none";
  /** Nothing has been loaded yet: show a skeleton, or `loadFailure`. */
  readonly isEmpty: boolean;
  readonly hasOlder: boolean;
  /** The newest messages are not in the window: show "go to the newest". */
  readonly hasNewer: boolean;
  readonly isLoadingOlder: boolean;
  readonly isLoadingNewer: boolean;
  readonly loadFailure: Failure | undefined;
  readonly jump: TimelineJump | undefined;
  /** Unread messages of others, for the "go to the newest" button. */
  readonly unreadCount: number;
}

/** Who is typing in the open place; at most 5 names, then `moreCount`. */
export interface TypingSnapshot {
  readonly names: readonly string[];
  readonly moreCount: number;
}
