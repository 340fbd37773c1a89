import type { ReactElement, RefObject } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ReactionItem } from "../../state/contract.ts";
import { classNames } from "../class-names.ts";
import { Icon } from "../icons.tsx";

interface ReactionsRowProps {
  readonly reactions: readonly ReactionItem[];
  readonly mayReact: boolean;
  /** By the Tab key. */
  readonly isReachable: boolean;
  readonly onToggle: (emoji: string) => void;
  readonly onAdd: (anchor: RefObject<HTMLElement | null>) => void;
}

/** Who feels how about a message; a press adds this user's, or takes it back. */
export function ReactionsRow({
  reactions,
  mayReact,
  isReachable,
  onToggle,
  onAdd,
}: ReactionsRowProps): ReactElement | null {
  const { t, format } = useI18n();
  if (reactions.length === 0) return null;
  return (
    <ul className="reactions">
      {reactions.map(({ emoji, count, mine }) => (
        <li key={emoji}>
          <button
            type="button"
            className={classNames("reaction", mine && "reaction-mine")}
            tabIndex={isReachable ? 0 : -1}
            aria-pressed={mine}
            aria-label={t.messages.reaction(emoji, count, mine)}
            disabled={!mayReact}
            onClick={() => onToggle(emoji)}
          >
            <span className="reaction-emoji">{emoji}</span>
            <span className="reaction-count">{format.number(count)}</span>
          </button>
        </li>
      ))}
      {mayReact && (
        <li>
          <button
            type="button"
            className="reaction reaction-add"
            tabIndex={isReachable ? 0 : -1}
            aria-label={t.messages.addReaction}
            title={t.messages.addReaction}
            onClick={(event) => onAdd({ current: event.currentTarget })}
          >
            <Icon name="smilePlus" size={15} />
          </button>
        </li>
      )}
    </ul>
  );
}
