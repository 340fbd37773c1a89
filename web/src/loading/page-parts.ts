import { OnDemand } from "./on-demand.ts";

/** Every dialog of the chat: nobody needs one to come in and to read. */
export const dialogsPart = new OnDemand(() => import("../ui/chat/chat-dialogs.tsx"));

/** The panel with a search, or with the people of a room. */
export const panelPart = new OnDemand(() => import("../ui/chat/side-panel.tsx"));

/** The emoji, their names in two languages, and the picker. */
export const emojiPart = new OnDemand(() => import("../ui/emoji/emoji-part.ts"));

/** For a browser that does not say when it is idle. */
const SOON_MS = 500;

/** Fetches all of them when the page has nothing else to do, so that later none is waited for. Returns how to call that off. */
export function preparePageParts(): () => void {
  const prepare = (): void => {
    for (const part of [dialogsPart, emojiPart, panelPart]) part.prepare();
  };
  if ("requestIdleCallback" in window) {
    const handle = window.requestIdleCallback(prepare);
    return () => window.cancelIdleCallback(handle);
  }
  const timer = setTimeout(prepare, SOON_MS);
  return () => clearTimeout(timer);
}
