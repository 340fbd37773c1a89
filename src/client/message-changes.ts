import type { LogEntry, Reaction } from "./log-entry.ts";
import type { ShownMessage } from "./room-timeline.ts";

/** What one user did with one reaction, before and after a message was shown as it then was. */
interface UserReaction {
  /** The last that is in the message as it was shown. */
  before: boolean | undefined;
  /** The first and the last that are not. */
  first: boolean | undefined;
  last: boolean | undefined;
}

/** Edits, deletions and reactions of a room, by the message they are about; bounded. */
export class MessageChanges {
  readonly #limit: number;
  readonly #byTarget = new Map<number, LogEntry[]>();
  #count = 0;

  /** Above `limit` the changes of the oldest messages are dropped. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The same change may come more than once. */
  add(change: LogEntry): void {
    const { target, offset } = change;
    const changes = this.#byTarget.get(target) ?? [];
    const after = changes.findIndex((other) => other.offset >= offset);
    if (after >= 0 && changes[after]?.offset === offset) return;
    changes.splice(after < 0 ? changes.length : after, 0, change);
    this.#byTarget.set(target, changes);
    this.#count++;
    if (this.#count > this.#limit) this.#dropOldest();
  }

  forget(target: number): void {
    this.#count -= this.#byTarget.get(target)?.length ?? 0;
    this.#byTarget.delete(target);
  }

  clear(): void {
    this.#byTarget.clear();
    this.#count = 0;
  }

  /** The message with its changes. Those up to its `asOf` are in it already. */
  show(message: LogEntry, userName: string): ShownMessage {
    const { offset, timeMs, sender, replyTo, asOf } = message;
    const changes = this.#byTarget.get(offset) ?? [];
    const later = changes.filter((change) => change.offset > asOf);
    const common = { offset, timeMs, sender, replyTo };
    // An edit without a text is one whose message was deleted after it.
    const edit = later.findLast(({ kind, text }) => kind === "edit" && text !== "");
    const editedMs = edit?.timeMs ?? message.editedMs;
    if (message.isDeleted || later.some(({ kind }) => kind === "delete")) {
      return { ...common, text: "", editedMs, isDeleted: true, reactions: [] };
    }
    const reactions = reactionsOf(message, changes, userName);
    return { ...common, text: edit?.text ?? message.text, editedMs, isDeleted: false, reactions };
  }

  #dropOldest(): void {
    const targets = [...this.#byTarget.keys()].sort((a, b) => a - b);
    for (const target of targets) {
      if (this.#count <= this.#limit * 0.75) return;
      this.forget(target);
    }
  }
}

function reactionsOf(message: LogEntry, changes: readonly LogEntry[], userName: string): Reaction[] {
  const shown = new Map(message.reactions.map((reaction) => [reaction.reaction, { ...reaction }]));
  for (const [reaction, byUser] of reactionsByUser(message, changes)) {
    const known = shown.get(reaction) ?? { reaction, count: 0, isMine: false };
    const hadNone = known.count === 0;
    for (const [user, { before, first, last }] of byUser) {
      if (first === undefined || last === undefined) continue;
      const isMe = user === userName;
      // Who is among the counted is known only of this user, and of those whose change is known.
      const wasOn = !hadNone && (before ?? (isMe ? known.isMine : !first));
      known.count += Number(last) - Number(wasOn);
      if (isMe) known.isMine = last;
    }
    shown.set(reaction, known);
  }
  return [...shown.values()].filter(({ count }) => count > 0);
}

function reactionsByUser(
  message: LogEntry,
  changes: readonly LogEntry[],
): Map<string, Map<string, UserReaction>> {
  const byReaction = new Map<string, Map<string, UserReaction>>();
  for (const { kind, text, sender, offset } of changes) {
    if (kind !== "reaction" && kind !== "reactionRemoved") continue;
    const byUser = byReaction.get(text) ?? new Map<string, UserReaction>();
    byReaction.set(text, byUser);
    const known = byUser.get(sender) ?? { before: undefined, first: undefined, last: undefined };
    byUser.set(sender, known);
    const isOn = kind === "reaction";
    if (offset <= message.asOf) known.before = isOn;
    else {
      known.first ??= isOn;
      known.last = isOn;
    }
  }
  return byReaction;
}
