import { utf8Size } from "./utf8.ts";

/** Bytes of a message's text in UTF-8, when nothing else is configured. */
export const DEFAULT_TEXT_LIMIT_BYTES = 4000;

/**
 * What a packet with a text needs besides it, at most: header, numbers, two names of the longest kind
 * and a client message id. A text limit must leave this much of the packet limit.
 */
export const TEXT_PACKET_OVERHEAD_BYTES = 512;

/** Bytes of a client message id in UTF-8, 1 … 64. */
export const CLIENT_MESSAGE_ID_MAX_BYTES = 64;

/** Characters (code points, after NFC) of a password, 8 … 256. */
export const PASSWORD_MIN = 8;
export const PASSWORD_MAX = 256;

/** Bytes of a guest's key, 16 … 64. */
export const GUEST_KEY_MIN_BYTES = 16;
export const GUEST_KEY_MAX_BYTES = 64;

/** Bytes of a reaction, 1 … 32, and how many characters (grapheme clusters) they make, 1 … 4. */
export const REACTION_MAX_BYTES = 32;
export const REACTION_MAX_CHARACTERS = 4;

/** Bytes of what a client calls itself (LoginRequest.label), 0 … 64. */
export const LABEL_MAX_BYTES = 64;

/** Bytes of a room's topic, 0 … 256, and of the reason that a moderator gives. */
export const TOPIC_MAX_BYTES = 256;
export const REASON_MAX_BYTES = 256;

/** Bytes of what is searched for, 1 … 256. */
export const QUERY_MAX_BYTES = 256;

export type TextCheck =
  | { readonly ok: true }
  /** `reason`: what is wrong, in plain words, fit to be shown to the user. */
  | { readonly ok: false; readonly reason: string };

export type PasswordCheck =
  /** `password`: what is to be hashed; the same for every way of typing the same characters. */
  { readonly ok: true; readonly password: string } | { readonly ok: false; readonly reason: string };

// One object each: checking a good text allocates nothing.
const OK: TextCheck = { ok: true };
const EMPTY: TextCheck = { ok: false, reason: "the text is empty" };
const HAS_CONTROLS: TextCheck = {
  ok: false,
  reason: "the text has control characters; only line feed and tab are allowed",
};
const ILL_FORMED: TextCheck = { ok: false, reason: "the text has half a character (a lone surrogate)" };

/** C0 and C1 controls and DEL, without line feed and tab. */
// oxlint-disable-next-line eslint/no-control-regex -- finding control characters is what it is for
const TEXT_CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
const ANY_CONTROL = /\p{Cc}/u;
const SOMETHING_VISIBLE = /\S/;
const WHITE_SPACE = /\s/;

/**
 * Checks a message's text: 1 … `limitBytes` bytes of UTF-8 (default 4000), something other than white
 * space, no control characters but line feed and tab.
 */
export function checkText(text: string, limitBytes: number = DEFAULT_TEXT_LIMIT_BYTES): TextCheck {
  // A UTF-16 unit is at least one byte: what is longer need not be looked at.
  if (text.length > limitBytes || utf8Size(text) > limitBytes) {
    return { ok: false, reason: `the text is longer than ${limitBytes} bytes` };
  }
  if (!SOMETHING_VISIBLE.test(text)) return EMPTY;
  if (TEXT_CONTROLS.test(text)) return HAS_CONTROLS;
  return text.isWellFormed() ? OK : ILL_FORMED;
}

/** Checks a client message id: 1 … 64 bytes of UTF-8, no control characters. */
export function checkClientMessageId(id: string): TextCheck {
  if (id === "") return { ok: false, reason: "the client message id is empty" };
  if (id.length > CLIENT_MESSAGE_ID_MAX_BYTES || utf8Size(id) > CLIENT_MESSAGE_ID_MAX_BYTES) {
    return { ok: false, reason: `the client message id is longer than ${CLIENT_MESSAGE_ID_MAX_BYTES} bytes` };
  }
  if (ANY_CONTROL.test(id) || !id.isWellFormed()) {
    return { ok: false, reason: "the client message id has control characters" };
  }
  return OK;
}

/**
 * Checks a password that is to be set, and normalises it (NFC, as RFC 8265 section 4.2 says): 8 … 256
 * characters, no control characters. At login, one that fails here is simply wrong.
 */
export function checkPassword(password: string): PasswordCheck {
  // NFC can make a string shorter, though never by more than this.
  if (password.length > PASSWORD_MAX * 8) return refuse(`a password has at most ${PASSWORD_MAX} characters`);
  if (!password.isWellFormed() || ANY_CONTROL.test(password)) {
    return refuse("a password has no control characters");
  }
  const normal = password.normalize("NFC");
  const length = Array.from(normal).length;
  if (length < PASSWORD_MIN) return refuse(`a password has at least ${PASSWORD_MIN} characters`);
  if (length > PASSWORD_MAX) return refuse(`a password has at most ${PASSWORD_MAX} characters`);
  return { ok: true, password: normal };
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Checks a reaction: 1 … 32 bytes of UTF-8, one to four characters, no white space, no control characters. */
export function checkReaction(reaction: string): TextCheck {
  if (reaction === "") return { ok: false, reason: "the reaction is empty" };
  const fault = lineFault("reaction", reaction, REACTION_MAX_BYTES);
  if (fault !== undefined) return fault;
  if (WHITE_SPACE.test(reaction)) return { ok: false, reason: "the reaction has white space" };
  let count = 0;
  for (const _ of graphemes.segment(reaction)) count++;
  if (count <= REACTION_MAX_CHARACTERS) return OK;
  return { ok: false, reason: `the reaction has more than ${REACTION_MAX_CHARACTERS} characters` };
}

/** Checks what a client calls itself: at most 64 bytes, no control characters. */
export function checkLabel(label: string): TextCheck {
  return lineFault("label", label, LABEL_MAX_BYTES) ?? OK;
}

/** Checks a room's topic: at most 256 bytes, no control characters. */
export function checkTopic(topic: string): TextCheck {
  return lineFault("topic", topic, TOPIC_MAX_BYTES) ?? OK;
}

/** Checks a moderator's reason: at most 256 bytes, no control characters. */
export function checkReason(reason: string): TextCheck {
  return lineFault("reason", reason, REASON_MAX_BYTES) ?? OK;
}

/** Checks what is searched for: 1 … 256 bytes, something other than white space, no control characters. */
export function checkQuery(query: string): TextCheck {
  if (!SOMETHING_VISIBLE.test(query)) return { ok: false, reason: "the query is empty" };
  return lineFault("query", query, QUERY_MAX_BYTES) ?? OK;
}

/** What is wrong with a text of one line. */
function lineFault(what: string, text: string, mostBytes: number): TextCheck | undefined {
  if (text.length > mostBytes || utf8Size(text) > mostBytes) {
    return { ok: false, reason: `the ${what} is longer than ${mostBytes} bytes` };
  }
  if (ANY_CONTROL.test(text) || !text.isWellFormed()) {
    return { ok: false, reason: `the ${what} has control characters` };
  }
  return undefined;
}

/** Checks a guest's key: 16 … 64 bytes. */
export function checkGuestKey(key: Uint8Array): TextCheck {
  if (key.length >= GUEST_KEY_MIN_BYTES && key.length <= GUEST_KEY_MAX_BYTES) return OK;
  return { ok: false, reason: `a guest key has ${GUEST_KEY_MIN_BYTES} to ${GUEST_KEY_MAX_BYTES} bytes` };
}

function refuse(reason: string): PasswordCheck {
  return { ok: false, reason };
}
