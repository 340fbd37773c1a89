import type { Reaction } from "../../../src/client/log-entry.ts";

/** What is asked for and not carried out yet, of one message. */
export interface MessageOverlay {
  /** The text that an edit will give it; undefined: none is under way. */
  readonly text: string | undefined;
  readonly isDeleting: boolean;
  /** Reactions that are being added (true) or taken back. */
  readonly reactions: ReadonlyMap<string, boolean>;
}

interface Held {
  text: string | undefined;
  deletingCount: number;
  readonly edits: string[];
  readonly reactions: Map<string, boolean>;
  readonly reactionCounts: Map<string, number>;
}

/** Changes of messages that are on their way, shown as if they had been carried out. */
export class MessageOverlays {
  readonly #byOffset = new Map<number, Held>();
  readonly #shown = new Map<number, MessageOverlay>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get count(): number {
    return this.#byOffset.size;
  }

  /** The same object for as long as nothing changes about it. */
  find(offset: number): MessageOverlay | undefined {
    const held = this.#byOffset.get(offset);
    if (held === undefined) return undefined;
    let shown = this.#shown.get(offset);
    if (shown === undefined) {
      const { text, deletingCount, reactions } = held;
      shown = { text, isDeleting: deletingCount > 0, reactions: new Map(reactions) };
      this.#shown.set(offset, shown);
    }
    return shown;
  }

  /** Each of these returns what ends it. */
  edit(offset: number, text: string): () => void {
    const held = this.#hold(offset);
    held.edits.push(text);
    held.text = text;
    return this.#change(offset, () => {
      held.edits.splice(held.edits.indexOf(text), 1);
      held.text = held.edits.at(-1);
    });
  }

  remove(offset: number): () => void {
    const held = this.#hold(offset);
    held.deletingCount++;
    return this.#change(offset, () => held.deletingCount--);
  }

  react(offset: number, emoji: string, isAdded: boolean): () => void {
    const held = this.#hold(offset);
    held.reactions.set(emoji, isAdded);
    held.reactionCounts.set(emoji, (held.reactionCounts.get(emoji) ?? 0) + 1);
    return this.#change(offset, () => {
      const left = (held.reactionCounts.get(emoji) ?? 1) - 1;
      if (left > 0) held.reactionCounts.set(emoji, left);
      else {
        held.reactionCounts.delete(emoji);
        held.reactions.delete(emoji);
      }
    });
  }

  #hold(offset: number): Held {
    const known = this.#byOffset.get(offset);
    if (known !== undefined) return known;
    const held: Held = {
      text: undefined,
      deletingCount: 0,
      edits: [],
      reactions: new Map(),
      reactionCounts: new Map(),
    };
    this.#byOffset.set(offset, held);
    return held;
  }

  #change(offset: number, undo: () => void): () => void {
    let isOver = false;
    this.#shown.delete(offset);
    this.#onChange();
    return () => {
      if (isOver) return;
      isOver = true;
      undo();
      const held = this.#byOffset.get(offset);
      const isIdle =
        held !== undefined &&
        held.edits.length === 0 &&
        held.deletingCount === 0 &&
        held.reactions.size === 0;
      if (isIdle) this.#byOffset.delete(offset);
      this.#shown.delete(offset);
      this.#onChange();
    };
  }
}

/** A message's reactions with those that are on their way. */
export function overlaidReactions(
  reactions: readonly Reaction[],
  overlay: MessageOverlay | undefined,
): readonly Reaction[] {
  if (overlay === undefined || overlay.reactions.size === 0) return reactions;
  const shown = new Map(reactions.map((reaction) => [reaction.reaction, reaction]));
  for (const [emoji, isMine] of overlay.reactions) {
    const known = shown.get(emoji) ?? { reaction: emoji, count: 0, isMine: false };
    if (known.isMine === isMine) continue;
    shown.set(emoji, { reaction: emoji, count: known.count + (isMine ? 1 : -1), isMine });
  }
  return [...shown.values()].filter(({ count }) => count > 0);
}
