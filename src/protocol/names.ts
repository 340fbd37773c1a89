/**
 * Which names users and rooms may have. A name is shown as it was written and compared by its key, so
 * that two names which look or read alike are one name.
 */

/** Characters (code points) of a user's name, 2 … 24. */
export const USER_NAME_MIN = 2;
export const USER_NAME_MAX = 24;

/** Characters of a room's name, 1 … 32. */
export const ROOM_NAME_MIN = 1;
export const ROOM_NAME_MAX = 32;

/** Characters of a display name, 0 … 48. */
export const DISPLAY_NAME_MAX = 48;

export type DisplayNameCheck =
  /** `displayName`: in the form to keep, NFC. */
  { readonly ok: true; readonly displayName: string } | { readonly ok: false; readonly reason: string };

export type NameCheck =
  | { readonly ok: true; readonly key: string }
  /** `reason`: what is wrong, in plain words, fit to be shown to the user. */
  | { readonly ok: false; readonly reason: string };

/** Checks a user's name, an account's or a guest's; `key` is what it is compared by. */
export function checkUserName(name: string): NameCheck {
  return checkName(name, USER_NAME_MIN, USER_NAME_MAX);
}

/** Checks a room's name. */
export function checkRoomName(name: string): NameCheck {
  return checkName(name, ROOM_NAME_MIN, ROOM_NAME_MAX);
}

/**
 * Checks a display name, shown beside the name and compared with nothing: 0 … 48 characters after NFC, of
 * any script, spaces inside included; no control, invisible or direction characters.
 */
export function checkDisplayName(displayName: string): DisplayNameCheck {
  const reason = displayNameFault(displayName);
  if (reason !== undefined) return { ok: false, reason };
  return { ok: true, displayName: displayName.normalize("NFC") };
}

function displayNameFault(displayName: string): string | undefined {
  const tooLong = `a display name has at most ${DISPLAY_NAME_MAX} characters`;
  // NFC can make a string shorter, though never by more than this.
  if (displayName.length > DISPLAY_NAME_MAX * 8) return tooLong;
  const normal = displayName.normalize("NFC");
  if (Array.from(normal).length > DISPLAY_NAME_MAX) return tooLong;
  if (CONTROL.test(normal)) return "a display name has no control characters";
  if (LINE_SEPARATOR.test(normal)) return "a display name has one line";
  if (INVISIBLE.test(normal)) return "a display name has no invisible characters";
  if (normal.trim() !== normal) return "a display name has no white space around it";
  if (MARKS_IN_A_ROW.test(normal)) return "a display name has at most three marks on one letter";
  return undefined;
}

/**
 * What names are compared by: compatibility forms made one (NFKC, Unicode Standard Annex 15) and case
 * folded. Made twice over, it stays the same. For any string; it does not check.
 */
export function nameKey(name: string): string {
  // Folding by upper case first also joins ß with ss and the two small sigmas. It can take a string
  // out of NFKC, so both are done until nothing changes: twice, for all but a few strings.
  let key = name;
  for (let round = 0; round < 4; round++) {
    const next = key.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
    if (next === key) break;
    key = next;
  }
  return key;
}

/** Letters, marks, numbers and three separators. */
const ALLOWED = /^[\p{L}\p{M}\p{N}_.-]*$/u;
/**
 * Characters without a shape of their own: zero-width ones, variation selectors, fillers that count as
 * letters, direction controls.
 */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/u;
const CONTROL = /[\p{Cc}\p{Cs}]/u;
const LINE_SEPARATOR = /[\u2028\u2029]/u;
const FIRST = /^[\p{L}\p{N}]/u;
const LAST = /^[\p{L}\p{M}\p{N}]/u;
const SEPARATORS_IN_A_ROW = /[_.-]{2}/;
/** More marks on one letter than any script's ordinary writing has. */
const MARKS_IN_A_ROW = /\p{M}{4}/u;

/** Alphabets that share the shapes of many letters; a name keeps to one of them. */
const LOOK_ALIKE_ALPHABETS: readonly RegExp[] = [
  /\p{Script=Latin}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
];

function checkName(name: string, least: number, most: number): NameCheck {
  // A character is one or two units: what is longer than this need not be looked at, nor normalised.
  if (name.length > most * 2) return refuse(`a name has at most ${most} characters`);
  const reason = faultOf(name, least, most) ?? faultOf(name.normalize("NFKC"), least, most);
  if (reason !== undefined) return refuse(reason);
  return { ok: true, key: nameKey(name) };
}

/** The first rule that the name breaks. It is asked for the name as written and for its normal form. */
function faultOf(name: string, least: number, most: number): string | undefined {
  const characters = Array.from(name);
  const { length } = characters;
  if (length < least) return `a name has at least ${least} character${least === 1 ? "" : "s"}`;
  if (length > most) return `a name has at most ${most} characters`;
  if (CONTROL.test(name)) return "a name has no control characters";
  if (INVISIBLE.test(name)) return "a name has no invisible characters";
  if (!ALLOWED.test(name)) return 'a name is made of letters, numbers, "_", "-" and "."';
  if (!FIRST.test(name)) return "a name begins with a letter or a number";
  // Asked of the last character alone: V8 14 finds no character outside the BMP with /[…]$/u.
  if (!LAST.test(characters.at(-1) ?? "")) return "a name ends with a letter or a number";
  if (SEPARATORS_IN_A_ROW.test(name)) return 'a name has no two of "_", "-" and "." in a row';
  if (MARKS_IN_A_ROW.test(name)) return "a name has at most three marks on one letter";
  if (LOOK_ALIKE_ALPHABETS.filter((alphabet) => alphabet.test(name)).length > 1) {
    return "a name does not mix alphabets whose letters look alike";
  }
  return undefined;
}

function refuse(reason: string): NameCheck {
  return { ok: false, reason };
}
