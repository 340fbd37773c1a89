import type { RefObject } from "react";
import type { MessageItem, Permissions } from "../../state/contract.ts";

/** What floats over a row while it is used. */
export type RowPopup = "emoji" | "menu";

/** What rows do. One object for the whole list, so that rows render only when their message changes. */
export interface RowHandlers {
  readonly react: (offset: number, emoji: string) => void;
  readonly reply: (offset: number) => void;
  readonly edit: (offset: number) => void;
  readonly remove: (message: MessageItem) => void;
  readonly copyText: (text: string) => void;
  readonly copyLink: (offset: number) => void;
  readonly retry: (key: string) => void;
  readonly discard: (key: string) => void;
  readonly jumpTo: (offset: number) => void;
  /** Opens the menu of a person at a button. */
  readonly openProfile: (name: string, anchor: RefObject<HTMLElement | null>) => void;
  /** Opens a popup at a row's button. */
  readonly open: (key: string, popup: RowPopup, anchor: RefObject<HTMLElement | null>) => void;
}

export interface RowRights {
  readonly mayReact: boolean;
  readonly maySpeak: boolean;
  readonly mayEdit: boolean;
  readonly mayRemove: boolean;
}

/** What may be done with one message. */
export function rightsOver(message: MessageItem, permissions: Permissions): RowRights {
  const isThere = message.offset > 0 && message.state === "sent" && !message.deleted;
  return {
    mayReact: isThere && permissions.mayReact,
    maySpeak: isThere && permissions.maySpeak,
    mayEdit: isThere && message.isOwn && permissions.maySpeak,
    mayRemove: isThere && (message.isOwn || permissions.mayDeleteOthers),
  };
}
