import { type ReactElement, useRef } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { MessageItem } from "../../state/contract.ts";
import { quickReactions } from "../emoji/quick-reactions.ts";
import { IconButton } from "../primitives/button.tsx";
import type { RowHandlers, RowRights } from "./row-handlers.ts";

interface MessageActionsProps {
  readonly message: MessageItem;
  readonly rights: RowRights;
  readonly handlers: RowHandlers;
}

/** The bar over the message that is pointed at, or has the focus. */
export function MessageActions({ message, rights, handlers }: MessageActionsProps): ReactElement {
  const { t } = useI18n();
  const emojiAnchor = useRef<HTMLButtonElement>(null);
  const moreAnchor = useRef<HTMLButtonElement>(null);
  const { offset, key } = message;
  return (
    <div className="message-actions" role="toolbar" aria-label={t.messages.actions}>
      {rights.mayReact && (
        <>
          {quickReactions.map((emoji) => (
            <button
              key={emoji}
              type="button"
              className="icon-button icon-button-small message-quick"
              aria-label={`${t.messages.react}: ${emoji}`}
              onClick={() => handlers.react(offset, emoji)}
            >
              {emoji}
            </button>
          ))}
          <IconButton
            ref={emojiAnchor}
            icon="smilePlus"
            size="small"
            label={t.messages.addReaction}
            keys="+"
            onClick={() => handlers.open(key, "emoji", emojiAnchor)}
          />
        </>
      )}
      {rights.maySpeak && (
        <IconButton
          icon="reply"
          size="small"
          label={t.messages.reply}
          keys="R"
          onClick={() => handlers.reply(offset)}
        />
      )}
      {rights.mayEdit && (
        <IconButton
          icon="edit"
          size="small"
          label={t.messages.edit}
          keys="E"
          onClick={() => handlers.edit(offset)}
        />
      )}
      <IconButton
        ref={moreAnchor}
        icon="more"
        size="small"
        label={t.messages.more}
        aria-haspopup="menu"
        onClick={() => handlers.open(key, "menu", moreAnchor)}
      />
    </div>
  );
}
