import { createContext, useContext } from "react";
import type { AppSnapshot, ChatActions } from "../state/contract.ts";

/**
 * How the views reach the application: one slice of its snapshot at a time, so that a message that comes
 * renders the list of messages and not the page. `src/app/` provides it from the stores; the fixtures
 * provide one that stands still. Below `ChatPage` and `SignInPage` everything else is given by props.
 */
export interface ViewContext {
  /** A hook: the slice as it is now; renders again when it is another object. */
  readonly useSlice: <Name extends keyof AppSnapshot>(name: Name) => AppSnapshot[Name];
  readonly actions: ChatActions;
  /** The page's clock, milliseconds since 1970-01-01 UTC: what `retryAtMs` and `waitUntilMs` are compared with. */
  readonly now: () => number;
  /** The address that opens the page at a message, for "copy link". */
  readonly linkTo: (placeKey: string, offset: number) => string;
}

const Context = createContext<ViewContext | undefined>(undefined);

export const ViewProvider = Context.Provider;

/** Throws outside of a ViewProvider. */
export function useView(): ViewContext {
  const context = useContext(Context);
  if (context === undefined) throw new Error("a view needs a ViewProvider around it");
  return context;
}
