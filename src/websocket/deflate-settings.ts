/** How this side compresses, and what it asks of clients (RFC 7692, section 7.1). */
export interface DeflateSettings {
  /** Messages below this are sent as they are. Default 256 bytes. */
  readonly thresholdBytes: number;
  /** zlib's level, 1 (quick) … 9 (small). Default 4. */
  readonly level: number;
  /**
   * The window that this side compresses with, as a power of two: 9 … 15. Default 12: messages of a chat
   * are shorter than its 4 KiB, and python3-websockets offers no more. A client that cannot take a
   * window of this size gets no compression.
   */
  readonly windowBits: number;
  /** The window that clients are held to, where they let themselves be: 8 … 15. Default 15: any. */
  readonly clientWindowBits: number;
}

export const defaultDeflateSettings: DeflateSettings = {
  thresholdBytes: 256,
  level: 4,
  windowBits: 12,
  clientWindowBits: 15,
};

/** The settings, with defaults for what is left out. Throws RangeError for what zlib or the RFC does not know. */
export function deflateSettings(settings: Partial<DeflateSettings> = {}): DeflateSettings {
  const all = { ...defaultDeflateSettings, ...settings };
  requireWhole("thresholdBytes", all.thresholdBytes, 0, Number.MAX_SAFE_INTEGER);
  requireWhole("level", all.level, 1, 9);
  requireWhole("windowBits", all.windowBits, 9, 15);
  requireWhole("clientWindowBits", all.clientWindowBits, 8, 15);
  return all;
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} is a whole number from ${least} to ${most}, got ${value}`);
}
