import { type KeyboardEvent, type ReactElement, useEffect, useId, useMemo, useRef, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import { Icon } from "../icons.tsx";
import { type Emoji, emojiGroups } from "./emoji-data.ts";
import { findEmoji } from "./find-emoji.ts";

const COLUMNS = 8;

interface EmojiPickerProps {
  readonly onPick: (emoji: string) => void;
  readonly onClose: () => void;
}

/**
 * All emoji by groups, and a field that finds them by name in both languages. The focus stays in the
 * field: arrow keys choose, Enter picks (a combobox with a grid, WAI-ARIA 1.2).
 */
export function EmojiPicker({ onPick, onClose }: EmojiPickerProps): ReactElement {
  const { t, language } = useI18n();
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const found = useMemo(() => findEmoji(query), [query]);
  const field = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    grid.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [active]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return;
    event.stopPropagation();
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -COLUMNS,
      ArrowDown: COLUMNS,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setActive(Math.max(0, Math.min(active + step, found.length - 1)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const chosen = found[active];
      if (chosen !== undefined) onPick(chosen.emoji);
    } else if (event.key === "Escape") {
      event.preventDefault();
      onClose();
    }
  }

  const nameOf = (emoji: Emoji): string =>
    language === "ko" ? emoji.koreanName : emoji.name.replaceAll("_", " ");
  const cell = (emoji: Emoji, index: number): ReactElement => (
    <button
      key={emoji.emoji}
      id={`${id}-${index}`}
      type="button"
      role="option"
      tabIndex={-1}
      className="emoji-cell"
      aria-selected={index === active}
      aria-label={nameOf(emoji)}
      title={`${nameOf(emoji)} :${emoji.name}:`}
      onPointerMove={() => setActive(index)}
      onClick={() => onPick(emoji.emoji)}
    >
      {emoji.emoji}
    </button>
  );

  return (
    <div className="emoji-picker" onKeyDown={onKeyDown}>
      <div className="field-box emoji-search">
        <Icon name="search" size={16} />
        <input
          ref={field}
          type="text"
          role="combobox"
          aria-label={t.emoji.search}
          placeholder={t.emoji.search}
          aria-expanded="true"
          aria-controls={`${id}-grid`}
          aria-activedescendant={found.length === 0 ? undefined : `${id}-${active}`}
          autoComplete="off"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
        />
      </div>
      <div
        ref={grid}
        id={`${id}-grid`}
        className="emoji-groups scrolls"
        role="listbox"
        aria-label={t.emoji.title}
      >
        {query.trim() === "" ? (
          emojiGroups.map((group) => (
            <div key={group} role="group" aria-labelledby={`${id}-${group}`}>
              <h3 id={`${id}-${group}`} className="emoji-group-title">
                {t.emoji.groups[group]}
              </h3>
              <div className="emoji-grid">
                {found.map((emoji, index) => (emoji.group === group ? cell(emoji, index) : null))}
              </div>
            </div>
          ))
        ) : found.length === 0 ? (
          <p className="emoji-nothing">{t.emoji.nothing}</p>
        ) : (
          <div className="emoji-grid">{found.map(cell)}</div>
        )}
      </div>
    </div>
  );
}
