import { useSyncExternalStore } from "react";
import type { ChatStore } from "../state/chat-store.ts";
import type { AppSnapshot } from "../state/contract.ts";
import type { ViewContext } from "../ui/view-context.ts";
import { hashOf } from "./address.ts";

/** How the views reach the stores: a view renders when its own slice is another, and not before. */
export function storeView(store: ChatStore): ViewContext {
  const { clock } = store.host.environment;
  return {
    useSlice: function useSlice<Name extends keyof AppSnapshot>(name: Name): AppSnapshot[Name] {
      const { subscribe, get } = store.slices[name];
      return useSyncExternalStore(subscribe, get);
    },
    actions: store.actions,
    now: () => clock.wallMs(),
    linkTo: (placeKey, offset) => {
      const place = store.user?.book.find(placeKey);
      const url = new URL(location.href);
      url.hash = hashOf(place, offset);
      return url.href;
    },
  };
}
