import type { ReactElement, RefObject } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { MessageItem } from "../../state/contract.ts";
import { EmojiPopover } from "../emoji/emoji-popover.tsx";
import { Menu, type MenuItem } from "../primitives/menu.tsx";
import type { RowHandlers, RowPopup, RowRights } from "./row-handlers.ts";

interface RowPopupsProps {
  readonly kind: RowPopup;
  readonly anchor: RefObject<HTMLElement | null>;
  readonly message: MessageItem;
  readonly rights: RowRights;
  readonly handlers: RowHandlers;
  readonly onClose: () => void;
}

/** What floats over a row: one at a time, owned by the list, so that it stays when the pointer moves on. */
export function RowPopups(props: RowPopupsProps): ReactElement {
  const { kind, anchor, message, rights, handlers, onClose } = props;
  const { t } = useI18n();
  const { offset } = message;
  if (kind === "emoji") {
    return (
      <EmojiPopover
        anchor={anchor}
        onPick={(emoji) => {
          onClose();
          anchor.current?.focus();
          handlers.react(offset, emoji);
        }}
        onCancel={() => {
          onClose();
          anchor.current?.focus();
        }}
        onClose={onClose}
      />
    );
  }
  const items: MenuItem[] = [];
  const add = (isAllowed: boolean, item: MenuItem): void => void (isAllowed && items.push(item));
  add(rights.mayReact, {
    id: "react",
    label: t.messages.addReaction,
    icon: "smilePlus",
    keys: "+",
    onSelect: () => handlers.open(message.key, "emoji", anchor),
  });
  add(rights.maySpeak, {
    id: "reply",
    label: t.messages.reply,
    icon: "reply",
    keys: "R",
    onSelect: () => handlers.reply(offset),
  });
  add(rights.mayEdit, {
    id: "edit",
    label: t.messages.edit,
    icon: "edit",
    keys: "E",
    onSelect: () => handlers.edit(offset),
  });
  add(!message.deleted, {
    id: "copy",
    label: t.messages.copyText,
    icon: "copy",
    keys: "C",
    startsGroup: items.length > 0,
    onSelect: () => handlers.copyText(message.text),
  });
  add(offset > 0, {
    id: "link",
    label: t.messages.copyLink,
    icon: "link",
    onSelect: () => handlers.copyLink(offset),
  });
  add(rights.mayRemove, {
    id: "remove",
    label: t.messages.remove,
    icon: "trash",
    keys: "Del",
    isDanger: true,
    startsGroup: true,
    onSelect: () => handlers.remove(message),
  });
  return <Menu label={t.messages.actions} items={items} anchor={anchor} align="end" onClose={onClose} />;
}
