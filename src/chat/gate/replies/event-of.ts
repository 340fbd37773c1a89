import type { SessionEvent } from "../../hub/event.ts";

/** The event of one type. */
export type EventOf<Type extends SessionEvent["type"]> = Extract<SessionEvent, { readonly type: Type }>;
