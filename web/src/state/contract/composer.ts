import type { ReplyPreview } from "./messages.ts";
import type { PlaceKey } from "./places.ts";

export interface ComposerSnapshot {
  readonly place: PlaceKey;
  /**
   * Changes when the text is to be taken from `text`: another place, an edit begun or given up, a message
   * sent. Between such changes the view owns its text and tells it with `setDraft`.
   */
  readonly serial: number;
  readonly text: string;
  readonly mode: "new" | "edit";
  /** With mode "edit": the offset. */
  readonly editing: number | undefined;
  readonly replyingTo: ReplyPreview | undefined;
  /** UTF-8 bytes. */
  readonly textLimitBytes: number;
  /** Why nothing can be said; undefined: something can. Those that may be over (`mayTry`) leave the field. */
  readonly block: SpeechBlock | undefined;
  /** An ordinary member may speak once in this time; 0: no limit. */
  readonly slowModeMs: number;
  /** By the page's clock; 0: may speak now. */
  readonly waitUntilMs: number;
  /** For "@" completion: who was seen here, the latest first; at most 200. */
  readonly mentionNames: readonly string[];
}

/** "blocked": this user takes no whispers of the other one. */
export interface SpeechBlock {
  readonly reason: "archived" | "muted" | "blocked" | "notJoined" | "lockdown";
  /** 0: not known, or until it is taken back. By the page's clock. */
  readonly untilMs: number;
  /** Known from a refusal: the server tells nobody when it is taken back. The next success removes it. */
  readonly mayTry: boolean;
}
