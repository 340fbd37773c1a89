import { type KeyboardEvent, type RefObject, useId, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import { emojiPart } from "../../loading/page-parts.ts";
import { complete, completionAt, type CompletionQuery, matchNames } from "./completion.ts";

/** Offered at a time. */
const OFFERED = 8;

export interface CompletionOption {
  /** What is put into the text. */
  readonly value: string;
  readonly label: string;
  /** An emoji in front of the label; empty with names. */
  readonly picture: string;
}

export interface Completion {
  readonly kind: CompletionQuery["kind"];
  readonly options: readonly CompletionOption[];
  readonly active: number;
  readonly id: string;
  /** For the text field: a textbox with a list of suggestions (WAI-ARIA 1.2, textbox). */
  readonly fieldProps: Readonly<Record<string, string | boolean | undefined>>;
  readonly setActive: (index: number) => void;
  readonly choose: (index: number) => void;
  /** Looks at the caret again. */
  readonly look: () => void;
  readonly close: () => void;
  /** True: the key was the list's. */
  readonly onKeyDown: (event: KeyboardEvent) => boolean;
}

/** Names behind "@" and emoji behind ":" while they are typed. */
export function useCompletion(
  field: RefObject<HTMLTextAreaElement | null>,
  names: readonly string[],
  onComplete: (text: string, caret: number) => void,
): Completion {
  const { language } = useI18n();
  const [query, setQuery] = useState<CompletionQuery>();
  const [active, setActive] = useState(0);
  /** Escape closes the list for this one word. */
  const [dismissedAt, setDismissedAt] = useState(-1);
  const id = useId();
  const options = query === undefined ? [] : optionsFor(query, names, language);
  const isOpen = options.length > 0;

  function look(): void {
    const area = field.current;
    if (area === null) return;
    const caret = area.selectionStart;
    const found = caret === area.selectionEnd ? completionAt(area.value, caret) : undefined;
    if (found === undefined) setDismissedAt(-1);
    // Loaded already, as a rule; else with one of the next letters.
    else if (found.kind === "emoji") emojiPart.prepare();
    const next = found?.start === dismissedAt ? undefined : found;
    if (next?.start === query?.start && next?.query === query?.query) return;
    setQuery(next);
    setActive(0);
  }

  function choose(index: number): void {
    const area = field.current;
    const option = options[index];
    if (area === null || option === undefined || query === undefined) return;
    const done = complete(area.value, area.selectionStart, query, option.value);
    setQuery(undefined);
    onComplete(done.text, done.caret);
    area.focus();
  }

  function onKeyDown(event: KeyboardEvent): boolean {
    if (!isOpen) return false;
    const { length } = options;
    switch (event.key) {
      case "ArrowDown":
        setActive((active + 1) % length);
        break;
      case "ArrowUp":
        setActive((active + length - 1) % length);
        break;
      case "Enter":
      case "Tab":
        if (event.shiftKey) return false;
        choose(active);
        break;
      case "Escape":
        setDismissedAt(query?.start ?? -1);
        setQuery(undefined);
        break;
      default:
        return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  return {
    kind: query?.kind ?? "mention",
    options,
    active,
    id,
    fieldProps: {
      "aria-autocomplete": "list",
      "aria-haspopup": "listbox",
      "aria-controls": isOpen ? id : undefined,
      "aria-activedescendant": isOpen ? `${id}-${active}` : undefined,
    },
    setActive,
    choose,
    look,
    close: () => setQuery(undefined),
    onKeyDown,
  };
}

function optionsFor(
  { kind, query }: CompletionQuery,
  names: readonly string[],
  language: string,
): CompletionOption[] {
  if (kind === "mention") {
    return matchNames(names, query, OFFERED).map((name) => ({ value: `@${name}`, label: name, picture: "" }));
  }
  return (emojiPart.get()?.findEmoji(query, OFFERED) ?? []).map(({ emoji, name, koreanName }) => ({
    value: emoji,
    label: language === "ko" ? koreanName : `:${name}:`,
    picture: emoji,
  }));
}
