import type { ReactElement } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ReplyPreview } from "../../state/contract.ts";
import { Icon } from "../icons.tsx";

interface ReplyExcerptProps {
  readonly reply: ReplyPreview;
  /** By the Tab key: only in the row that has the focus, so that one does not tab through all rows. */
  readonly isReachable: boolean;
  readonly onJump: (offset: number) => void;
}

/** What a message answers, above it; a press goes there. */
export function ReplyExcerpt({ reply, isReachable, onJump }: ReplyExcerptProps): ReactElement {
  const { t } = useI18n();
  if (reply.state !== "known") {
    return (
      <p className="reply reply-gone">
        <Icon name="reply" size={14} />
        {reply.state === "gone" ? t.messages.replyGone : t.messages.replyLoading}
      </p>
    );
  }
  return (
    <button
      type="button"
      className="reply"
      tabIndex={isReachable ? 0 : -1}
      title={t.messages.jumpToOriginal}
      onClick={() => onJump(reply.offset)}
    >
      <Icon name="reply" size={14} />
      <span className="reply-sender">{reply.sender}</span>
      <span className="reply-text">{reply.excerpt}</span>
      <span className="visually-hidden">{t.messages.jumpToOriginal}</span>
    </button>
  );
}
