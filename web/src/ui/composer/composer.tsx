import {
  type KeyboardEvent,
  type ReactElement,
  type RefObject,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { utf8Size } from "../../../../src/protocol/utf8.ts";
import { useI18n } from "../../i18n/i18n-context.ts";
import { isComposed, shouldSend } from "../../state/composer-rules.ts";
import type { ComposerSnapshot } from "../../state/contract.ts";
import { emojiPart } from "../../loading/page-parts.ts";
import { EmojiPopover } from "../emoji/emoji-popover.tsx";
import { IconButton } from "../primitives/button.tsx";
import { secondsUntil, useNow } from "../use-now.ts";
import { ComposerBlocked, ComposerMode, ComposerNote, ComposerRefused } from "./composer-notes.tsx";
import { CompletionList } from "./completion-list.tsx";
import { replaceShortcode } from "./completion.ts";
import { useCompletion } from "./use-completion.ts";

export interface ComposerActions {
  readonly send: (text: string) => boolean;
  readonly setDraft: (text: string) => void;
  readonly typing: () => void;
  readonly startEditLast: () => void;
  readonly cancelCompose: () => void;
  readonly unblock: () => void;
  readonly join: () => void;
}

const emojiNamed = (name: string): string | undefined => emojiPart.get()?.emojiNamed(name);

/** What the page does to the composer. */
export interface ComposerHandle {
  focus(): void;
  /** Puts text at the caret, as "@ada ". */
  insert(text: string): void;
}

interface ComposerProps {
  readonly composer: ComposerSnapshot;
  readonly title: string;
  readonly now: () => number;
  readonly actions: ComposerActions;
  readonly ref?: RefObject<ComposerHandle | null>;
}

/** Where one writes. The view owns the text between two `serial`s, so that no render disturbs a composition. */
export function Composer({ composer, title, now, actions, ref }: ComposerProps): ReactElement {
  const { t } = useI18n();
  const { serial, mode, replyingTo, block, textLimitBytes } = composer;
  const [text, setText] = useState(composer.text);
  const [takenSerial, setTakenSerial] = useState(serial);
  const [isPickerOpen, setPickerOpen] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const emojiButton = useRef<HTMLButtonElement>(null);
  const caretAfterRender = useRef<number>(undefined);
  const nowMs = useNow(now, composer.waitUntilMs);
  const waitSeconds = mode === "edit" ? 0 : secondsUntil(composer.waitUntilMs, nowMs);
  const sizeBytes = utf8Size(text);
  const isTooLong = sizeBytes > textLimitBytes;
  const canSend = text.trim() !== "" && !isTooLong && waitSeconds === 0;

  if (serial !== takenSerial) {
    setTakenSerial(serial);
    setText(composer.text);
    caretAfterRender.current = composer.text.length;
  }

  function change(next: string, caret?: number): void {
    setText(next);
    actions.setDraft(next);
    if (caret !== undefined) caretAfterRender.current = caret;
  }

  const completion = useCompletion(field, composer.mentionNames, (next, caret) => change(next, caret));

  useLayoutEffect(() => {
    const area = field.current;
    if (area === null) return;
    const caret = caretAfterRender.current;
    if (caret !== undefined) {
      caretAfterRender.current = undefined;
      area.setSelectionRange(caret, caret);
    }
    growWithText(area);
  }, [text]);

  // Answering and editing begin with a press elsewhere: writing goes on here.
  const replyOffset = replyingTo?.offset;
  useEffect(() => {
    if (mode === "edit" || replyOffset !== undefined) field.current?.focus();
  }, [mode, composer.editing, replyOffset]);

  function insert(inserted: string): void {
    const area = field.current;
    const start = area?.selectionStart ?? text.length;
    const end = area?.selectionEnd ?? start;
    change(text.slice(0, start) + inserted + text.slice(end), start + inserted.length);
    area?.focus();
  }

  useImperativeHandle(ref, () => ({ focus: () => field.current?.focus(), insert }));

  function send(): void {
    if (!canSend) return;
    completion.close();
    actions.send(text);
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
    const { isComposing, keyCode } = event.nativeEvent;
    const key = { key: event.key, shiftKey: event.shiftKey, altKey: event.altKey, isComposing, keyCode };
    if (isComposed(key)) return;
    if (completion.onKeyDown(event)) return;
    if (shouldSend(key)) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && (mode === "edit" || replyingTo !== undefined)) {
      event.preventDefault();
      event.stopPropagation();
      actions.cancelCompose();
    } else if (event.key === "ArrowUp" && text === "" && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      actions.startEditLast();
    }
  }

  if (block !== undefined && !block.mayTry) {
    return <ComposerBlocked block={block} now={now} onUnblock={actions.unblock} onJoin={actions.join} />;
  }
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {block !== undefined && <ComposerRefused block={block} now={now} />}
      <ComposerMode mode={mode} replyingTo={replyingTo} onCancel={actions.cancelCompose} />
      <div className="composer-box">
        <textarea
          ref={field}
          id="composer-field"
          rows={1}
          className="composer-field scrolls"
          value={text}
          aria-label={t.composer.label(title)}
          placeholder={t.composer.label(title)}
          aria-describedby="composer-note"
          aria-invalid={isTooLong || undefined}
          enterKeyHint="send"
          {...completion.fieldProps}
          onChange={(event) => {
            const { value, selectionStart } = event.target;
            // While a syllable is composed the field is the input method's.
            const isComposing = (event.nativeEvent as InputEvent).isComposing;
            const done = isComposing ? undefined : replaceShortcode(value, selectionStart, emojiNamed);
            change(done?.text ?? value, done?.caret);
            if (mode === "new") actions.typing();
            completion.look();
          }}
          onSelect={completion.look}
          onBlur={completion.close}
          onKeyDown={onKeyDown}
        />
        <IconButton
          ref={emojiButton}
          icon="smile"
          label={t.composer.emoji}
          aria-expanded={isPickerOpen}
          onClick={() => setPickerOpen(true)}
        />
        <button
          type="submit"
          className="composer-send icon-button"
          disabled={!canSend}
          aria-label={mode === "edit" ? t.composer.saveEdit : t.composer.send}
          title={mode === "edit" ? t.composer.saveEdit : t.composer.send}
          // The field keeps the focus, and a phone its keyboard.
          onPointerDown={(event) => event.preventDefault()}
        >
          <SendIcon isEdit={mode === "edit"} />
        </button>
      </div>
      <ComposerNote
        sizeBytes={sizeBytes}
        limitBytes={textLimitBytes}
        waitSeconds={waitSeconds}
        slowModeMs={composer.slowModeMs}
      />
      <CompletionList completion={completion} />
      {isPickerOpen && (
        <EmojiPopover
          anchor={emojiButton}
          onPick={(emoji) => {
            setPickerOpen(false);
            insert(emoji);
          }}
          onCancel={() => {
            setPickerOpen(false);
            field.current?.focus();
          }}
          onClose={() => setPickerOpen(false)}
        />
      )}
    </form>
  );
}

function SendIcon({ isEdit }: { readonly isEdit: boolean }): ReactElement {
  return (
    <svg aria-hidden="true" width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor">
      <path
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
        d={isEdit ? "M5 12.5l4.5 4.5L19 7" : "M12 19V5M6 11l6-6 6 6"}
      />
    </svg>
  );
}

const growsByItself = typeof CSS !== "undefined" && CSS.supports("field-sizing", "content");

/** As high as its text, within what the style sheet allows. */
function growWithText(area: HTMLTextAreaElement): void {
  if (growsByItself) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}
