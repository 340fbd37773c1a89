/**
 * What of DER (ITU-T X.690, section 10) one certificate needs: definite lengths, one way to write each value.
 */

const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** A value of any tag: tag, length, content. */
export function derValue(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(tag), derLength(content.byteLength), content]);
}

function derLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}

export function derSequence(...items: readonly Uint8Array[]): Buffer {
  return derValue(Tag.SEQUENCE, Buffer.concat(items));
}

export function derSet(...items: readonly Uint8Array[]): Buffer {
  return derValue(Tag.SET, Buffer.concat(items));
}

export function derBoolean(value: boolean): Buffer {
  return derValue(Tag.BOOLEAN, Uint8Array.of(value ? 0xff : 0));
}

/** A number ≥ 0, the most significant byte first. */
export function derInteger(magnitude: Uint8Array): Buffer {
  let from = 0;
  while (from < magnitude.byteLength - 1 && magnitude[from] === 0) from++;
  const shortest = magnitude.subarray(from);
  const isNegativeLooking = ((shortest[0] ?? 0) & 0x80) !== 0;
  if (shortest.byteLength === 0) return derValue(Tag.INTEGER, Uint8Array.of(0));
  return derValue(Tag.INTEGER, isNegativeLooking ? Buffer.concat([Uint8Array.of(0), shortest]) : shortest);
}

/** Whole bytes, or with `unusedBits` at the end of the last. */
export function derBitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return derValue(Tag.BIT_STRING, Buffer.concat([Uint8Array.of(unusedBits), bytes]));
}

export function derOctetString(bytes: Uint8Array): Buffer {
  return derValue(Tag.OCTET_STRING, bytes);
}

export function derUtf8String(text: string): Buffer {
  return derValue(Tag.UTF8_STRING, Buffer.from(text, "utf8"));
}

/** "2.5.4.3" */
export function derObjectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift(0x80 | (left % 128));
    }
    return digits;
  });
  return derValue(Tag.OBJECT_IDENTIFIER, Uint8Array.from(bytes));
}

/** Whole seconds; UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). */
export function derTime(wallMs: number): Buffer {
  const digits = new Date(wallMs).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  const isLate = Number(digits.slice(0, 4)) >= 2050;
  return isLate
    ? derValue(Tag.GENERALIZED_TIME, Buffer.from(digits, "latin1"))
    : derValue(Tag.UTC_TIME, Buffer.from(digits.slice(2), "latin1"));
}

/** [number], its content as it is; `isConstructed`: values are in it. */
export function derContext(number: number, content: Uint8Array, isConstructed: boolean): Buffer {
  return derValue(0x80 | (isConstructed ? 0x20 : 0) | number, content);
}

/** DER as PEM text. */
export function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
