import { useEffect, useRef } from "react";

export interface ShortcutActions {
  readonly switcher: () => void;
  readonly search: () => void;
  readonly help: () => void;
  readonly members: () => void;
  /** To the conversation above (-1) or below (1); `unread`: the next with something unread. */
  readonly move: (step: 1 | -1, unread: boolean) => void;
  /** To the next part of the page, or the one before. */
  readonly nextRegion: (step: 1 | -1) => void;
  readonly escape: () => void;
}

/** The keys that work everywhere. Dialogs keep their keys to themselves. */
export function useShortcuts(actions: ShortcutActions): void {
  const current = useRef(actions);
  useEffect(() => {
    current.current = actions;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
      // A dialog stops its keys; this is for focus that has fallen to the page behind it.
      if (document.querySelector("dialog[open]") !== null) return;
      const command = commandFor(event, current.current);
      if (command === undefined) return;
      event.preventDefault();
      command();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function commandFor(event: KeyboardEvent, actions: ShortcutActions): (() => void) | undefined {
  const isCommand = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (isCommand && !event.altKey) {
    // By the place of the key: with a Korean layout on, `key` is a Hangul letter.
    if (event.code === "KeyK" && !event.shiftKey) return actions.switcher;
    if (event.code === "KeyF" && !event.shiftKey) return actions.search;
    if (event.code === "KeyU" && event.shiftKey) return actions.members;
    if (event.code === "Slash") return actions.help;
    return undefined;
  }
  if (event.altKey && (key === "arrowup" || key === "arrowdown")) {
    const step = key === "arrowup" ? -1 : 1;
    return () => actions.move(step, event.shiftKey);
  }
  if (event.altKey) return undefined;
  if (key === "f6") return () => actions.nextRegion(event.shiftKey ? -1 : 1);
  if (key === "escape") return actions.escape;
  if (isTyping(event.target)) return undefined;
  if (key === "/") return actions.search;
  if (key === "?") return actions.help;
  return undefined;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
