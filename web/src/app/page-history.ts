import type { ChatStore } from "../state/chat-store.ts";
import { hashOf, parseHash } from "./address.ts";

/** Above this width list and messages are side by side, so a page without a place opens the lobby. */
const WIDE = "(min-width: 641px)";

/**
 * Keeps address bar and open place the same: the browser's "back" goes to the place before, on a phone to
 * the list; a reload and a copied link open where they were made.
 */
export function followAddress(store: ChatStore): void {
  const goThere = (): void => {
    const address = parseHash(location.hash);
    store.openAddress(address, address?.offset);
  };
  const showHere = (): void => {
    if (store.user === undefined || store.isSeeking) return;
    const hash = hashOf(store.address);
    const shown = parseHash(location.hash);
    // A link to a message stays until another place is opened.
    const isSame = hashOf(shown) === hash || (location.hash === "" && store.address === undefined);
    if (!isSame) history.pushState(undefined, "", hash);
  };
  window.addEventListener("popstate", goThere);
  store.slices.place.subscribe(showHere);
  store.slices.session.subscribe(() => {
    if (store.slices.session.get().phase !== "signedIn" || store.user?.current !== undefined) return;
    if (parseHash(location.hash) === undefined && window.matchMedia(WIDE).matches) store.openLobby();
  });
  goThere();
}
