import type { MessageItem } from "../../state/contract.ts";
import type { Sanctioning } from "../dialogs/moderate-dialog.tsx";

/** Which dialog is open over the chat: at most one, but for those that a dialog opens itself. */
export type ChatDialog =
  | { readonly kind: "createRoom"; readonly name: string }
  | Plain
  | { readonly kind: "leave"; readonly giveUp: boolean }
  | { readonly kind: "moderate"; readonly action: Sanctioning; readonly name: string }
  | { readonly kind: "makeOwner"; readonly name: string }
  | { readonly kind: "remove"; readonly message: MessageItem }
  | { readonly kind: "roomPassword"; readonly room: string };

type PlainKind =
  "browse" | "direct" | "switcher" | "settings" | "invite" | "sanctions" | "account" | "shortcuts";

/** Those that need nothing but to be open, one type each. */
type Plain = { readonly [Kind in PlainKind]: { readonly kind: Kind } }[PlainKind];
