/** What is needed of a keydown event (UI Events). */
export interface ComposerKey {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly altKey?: boolean;
  /** True between compositionstart and compositionend. */
  readonly isComposing: boolean;
  /** 229: an input method has taken the key (UI Events, section 7.3.1). */
  readonly keyCode: number;
}

/**
 * Whether this key sends the text. Enter does; with Shift or Alt it begins a new line.
 *
 * While a syllable is being composed, Enter is the input method's: it ends the composition, and must
 * neither send what is there nor double the syllable. Two marks say so, and both are needed:
 *
 * - `isComposing`: Chromium and Firefox set it on the Enter that ends the composition.
 * - `keyCode` 229: Safari tells `compositionend` first and the keydown of the same Enter after it, with
 *   `isComposing` false again; only the code is left to say that the key was taken.
 *
 * No time is compared. Chromium on macOS follows the Enter that ends a Korean syllable with a second
 * keydown, 13 and not composing, of the same stroke: that one is right to send, the syllable is whole by
 * then. A rule "not so soon after a composition" would make people press twice.
 */
export function shouldSend(event: ComposerKey): boolean {
  if (event.key !== "Enter") return false;
  if (event.isComposing || event.keyCode === 229) return false;
  return !event.shiftKey && event.altKey !== true;
}

/** What Escape and Arrow-Up do in the composer must leave a composition alone as well. */
export function isComposed(event: Pick<ComposerKey, "isComposing" | "keyCode">): boolean {
  return event.isComposing || event.keyCode === 229;
}
