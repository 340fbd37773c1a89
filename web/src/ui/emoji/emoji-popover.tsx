import type { ReactElement, RefObject } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import { emojiPart } from "../../loading/page-parts.ts";
import { useOnDemand } from "../../loading/use-on-demand.ts";
import { Popover } from "../primitives/popover.tsx";

interface EmojiPopoverProps {
  readonly anchor: RefObject<HTMLElement | null>;
  readonly onPick: (emoji: string) => void;
  /** Escape: the focus goes where it was. */
  readonly onCancel: () => void;
  /** A press beside it. */
  readonly onClose: () => void;
}

/** The emoji picker at the button that opened it, as soon as it is loaded. */
export function EmojiPopover({ anchor, onPick, onCancel, onClose }: EmojiPopoverProps): ReactElement | null {
  const { t } = useI18n();
  const { part, hasFailed } = useOnDemand(emojiPart);
  if (part === undefined && !hasFailed) return null;
  return (
    <Popover anchor={anchor} align="end" onClose={onClose}>
      {part === undefined ? (
        <p className="emoji-nothing" role="alert">
          {t.app.partFailed}
        </p>
      ) : (
        <part.EmojiPicker onPick={onPick} onClose={onCancel} />
      )}
    </Popover>
  );
}
