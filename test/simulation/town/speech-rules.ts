import type { Device } from "./device.ts";
import type { Town } from "./town.ts";

/** Rule 12 for who has spoken in a room (0: in a conversation): nothing forbade it all the time since `begunAt`. */
export function checkSpoken(town: Town, { person }: Device, roomId: number, begunAt: number): void {
  const { ledger, breach } = town;
  const where = roomId === 0 ? "" : ` in room ${roomId}`;
  for (const place of roomId === 0 ? [0] : [0, roomId]) {
    const [mute] = ledger.sanction("mute", place, person.name).settledSince(begunAt);
    if (mute?.reason !== undefined && town.wallMs() < mute.untilMs)
      breach(12, `${person.name} is muted (${mute.reason}) and spoke${where}`);
  }
  const [level] = ledger.lockdown.settledSince(begunAt);
  if (person.isGuest && level === 3) breach(12, `${person.name}, a guest, spoke${where} in a lockdown`);
  if (roomId === 0) return;
  const [isArchived] = ledger.setting(roomId, "archived").settledSince(begunAt);
  if (isArchived === true) breach(11, `${person.name} spoke${where}, which is archived`);
  const [state] = ledger.roomState(roomId).settledSince(begunAt);
  if (state === "deleted") breach(11, `${person.name} spoke${where}, which is deleted`);
}

/** The same for who was refused: something may have forbidden it. */
export function checkRefusedToSpeak(
  town: Town,
  { person }: Device,
  roomId: number,
  code: string,
  begunAt: number,
): void {
  const { ledger, breach } = town;
  if (code === "MUTED") {
    if (!town.isLogged(roomId)) return; // who is muted there is not noted
    const isFree = [0, roomId].every((place) => {
      const [mute] = ledger.sanction("mute", place, person.name).settledSince(begunAt);
      return mute !== undefined && mute.reason === undefined;
    });
    if (isFree) breach(12, `${person.name} is not muted and was refused to speak in room ${roomId}`);
  } else if (code === "LOCKDOWN") {
    const [level] = ledger.lockdown.settledSince(begunAt);
    if (level !== undefined && level < 3) breach(12, `${person.name} was refused to speak in no lockdown`);
  } else if (code === "ROOM_ARCHIVED") {
    const [isArchived] = ledger.setting(roomId, "archived").settledSince(begunAt);
    if (isArchived === false) breach(11, `room ${roomId} is not archived and refused a message`);
  } else if (code === "SLOW_MODE") {
    const [slowModeMs] = ledger.setting(roomId, "slowModeMs").settledSince(begunAt);
    if (slowModeMs === 0) breach(11, `room ${roomId} is not slow and refused a message`);
  }
}
