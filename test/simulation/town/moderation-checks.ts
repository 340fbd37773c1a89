import type { StoredSanction } from "../../../src/chat/store/store.ts";
import type { Town } from "./town.ts";

/** Rule 12: who is muted or banned on the disk, in a room or (0) everywhere, is so by what was acknowledged. */
export function checkSanctions(town: Town, roomId: number): void {
  const { ledger, disk, breach } = town;
  if (roomId > 0 && disk.ask("findRoomById", { id: roomId }) === undefined) return;
  const nowMs = town.wallMs();
  const stored = disk.ask("listSanctions", { roomId, nowMs, limit: 1000 });
  for (const person of town.people) {
    const { name } = person;
    if (!person.isGuest && disk.findAccount(name) === undefined) continue;
    for (const kind of ["mute", "ban"] as const) {
      const there = stored.find((sanction) => sanction.subject === name && sanction.kind === kind);
      const possible = ledger.sanction(kind, roomId, name).possible();
      const isExplained = possible.some((sanction) => {
        if (there !== undefined) return sanction.reason === there.reason;
        return sanction.reason === undefined || !sanction.isForever;
      });
      if (isExplained) continue;
      const should = possible.map(({ reason }) => reason ?? "none").join(" or ");
      breach(12, `${name}'s ${kind} in room ${roomId} is ${describe(there)}, and should be ${should}`);
    }
  }
}

function describe(sanction: StoredSanction | undefined): string {
  return sanction === undefined ? "none" : `"${sanction.reason}"`;
}

/** Rule 15: the audit log has every act that was done, once, and none that was refused. */
export function checkAudit(town: Town): void {
  const { ledger, disk, breach } = town;
  const entries = disk.ask("listAudit", { before: 0, limit: 10_000 });
  for (const act of ledger.acts) {
    const { actor, action, subject, detail, isUnique, outcome } = act;
    const isIt = (other: { actor: string; action: string; subject: string; detail: string }): boolean =>
      other.actor === actor &&
      other.action === action &&
      (subject === "" || other.subject === subject) &&
      other.detail.includes(detail);
    const found = entries.filter(isIt).length;
    const alike = isUnique
      ? [act]
      : ledger.acts.filter(
          (other) =>
            other.actor === actor &&
            other.action === action &&
            other.subject === subject &&
            other.detail === detail,
        );
    const least = alike.filter((other) => other.outcome === "done" && !other.mayBeNothing).length;
    const most = alike.filter((other) => other.outcome !== "refused").length;
    if (found >= least && found <= most) continue;
    breach(15, `${actor}'s ${action} ${subject} ${detail} (${outcome}) is ${found} times in the audit log`);
  }
  const known = new Set(ledger.acts.map(({ actor, action }) => `${actor} ${action}`));
  for (const { actor, action } of entries) {
    // Others than those of the town have rooms of their own.
    if (
      town.people.some(({ name }) => name === actor) &&
      !known.has(`${actor} ${action}`) &&
      action !== "room.update"
    )
      breach(15, `the audit log has ${action} of ${actor}, who did no such thing`);
  }
}
