import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { utf8Size, writeUtf8 } from "./utf8.ts";
import { bigVarintSize, varintSize, writeBigVarint, writeVarint } from "./varint.ts";

/**
 * Serialises protobuf messages straight into memory that the caller has (row E13). The library's
 * `toBinary` makes a buffer, grows it and copies it; here a message is measured first and then written
 * once, to its place in the send buffer. The bytes are the same, which a property test checks for
 * every packet type.
 *
 * It knows the kinds of field that the schema uses. Any other is refused when the writer is compiled,
 * that is, when the program starts.
 */
export interface MessageWriter {
  /** Bytes of `message`. Its strings' and sub-messages' lengths are noted in `lengths` for `write`. */
  measure(message: Fields, lengths: Lengths): number;
  /** Writes what was measured with the same `lengths`, rewound; returns the position after it. */
  write(message: Fields, bytes: Uint8Array, at: number, lengths: Lengths): number;
}

/** A message as this file sees it: fields by their names in TypeScript. */
export type Fields = Readonly<Record<string, unknown>>;

/** The lengths that measuring found, in the order in which writing needs them. */
export class Lengths {
  readonly #values: number[] = [];
  #count = 0;
  #read = 0;

  clear(): void {
    this.#count = 0;
    this.#read = 0;
  }

  /** Takes the next place, for a length that is known only later. */
  reserve(): number {
    this.#values[this.#count] = 0;
    return this.#count++;
  }

  set(place: number, length: number): void {
    this.#values[place] = length;
  }

  push(length: number): void {
    this.#values[this.#count++] = length;
  }

  next(): number {
    return this.#values[this.#read++] as number;
  }
}

/** Measures and writes one value, without its tag. */
interface ValueWriter {
  readonly wireType: number;
  /** True for protobuf's default, which is not written (except in a oneof, a list or an `optional` field). */
  isDefault(value: unknown): boolean;
  measure(value: unknown, lengths: Lengths): number;
  write(value: unknown, bytes: Uint8Array, at: number, lengths: Lengths): number;
}

const WIRE_VARINT = 0;
const WIRE_LENGTH_DELIMITED = 2;
const UINT32_MAX = 0xffff_ffff;
const UINT64_MAX = 0xffff_ffff_ffff_ffffn;
const INT64_MAX = 0x7fff_ffff_ffff_ffffn;

const compiled = new WeakMap<DescMessage, MessageWriter>();

/** The writer for a message type, made once. Throws TypeError for kinds of field the schema did not have. */
export function messageWriter(schema: DescMessage): MessageWriter {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const fields: MessageWriter[] = [];
  const writer: MessageWriter = {
    measure(message, lengths) {
      let size = 0;
      for (let index = 0; index < fields.length; index++) {
        size += (fields[index] as MessageWriter).measure(message, lengths);
      }
      return size;
    },
    write(message, bytes, at, lengths) {
      let position = at;
      for (let index = 0; index < fields.length; index++) {
        position = (fields[index] as MessageWriter).write(message, bytes, position, lengths);
      }
      return position;
    },
  };
  // Known before its fields are, so that a message type may contain itself.
  compiled.set(schema, writer);
  for (const field of schema.fields.toSorted((a, b) => a.number - b.number)) fields.push(fieldWriter(field));
  return writer;
}

function fieldWriter(field: DescField): MessageWriter {
  const value = valueWriter(field);
  const tag = field.number * 8 + value.wireType;
  if (field.fieldKind === "list") return listWriter(field.localName, tag, value);
  if (field.oneof !== undefined) return oneofWriter(field.oneof.localName, field.localName, tag, value);
  if (field.proto.proto3Optional) return optionalWriter(field.localName, tag, value);
  return singularWriter(field.localName, tag, value);
}

function singularWriter(name: string, tag: number, value: ValueWriter): MessageWriter {
  const tagBytes = varintSize(tag);
  return {
    measure(message, lengths) {
      const given = message[name];
      if (given === undefined || value.isDefault(given)) return 0;
      return tagBytes + value.measure(given, lengths);
    },
    write(message, bytes, at, lengths) {
      const given = message[name];
      if (given === undefined || value.isDefault(given)) return at;
      return value.write(given, bytes, writeVarint(bytes, at, tag), lengths);
    },
  };
}

/** An `optional` field: what is given is written, the default too. */
function optionalWriter(name: string, tag: number, value: ValueWriter): MessageWriter {
  const tagBytes = varintSize(tag);
  return {
    measure(message, lengths) {
      const given = message[name];
      return given === undefined ? 0 : tagBytes + value.measure(given, lengths);
    },
    write(message, bytes, at, lengths) {
      const given = message[name];
      return given === undefined ? at : value.write(given, bytes, writeVarint(bytes, at, tag), lengths);
    },
  };
}

function oneofWriter(oneof: string, name: string, tag: number, value: ValueWriter): MessageWriter {
  const tagBytes = varintSize(tag);
  const chosen = (message: Fields): unknown => {
    const group = message[oneof] as { readonly case?: string; readonly value?: unknown } | undefined;
    return group !== undefined && group.case === name ? group.value : undefined;
  };
  return {
    measure(message, lengths) {
      const given = chosen(message);
      return given === undefined ? 0 : tagBytes + value.measure(given, lengths);
    },
    write(message, bytes, at, lengths) {
      const given = chosen(message);
      return given === undefined ? at : value.write(given, bytes, writeVarint(bytes, at, tag), lengths);
    },
  };
}

function listWriter(name: string, tag: number, value: ValueWriter): MessageWriter {
  const tagBytes = varintSize(tag);
  return {
    measure(message, lengths) {
      const items = message[name] as readonly unknown[] | undefined;
      if (items === undefined) return 0;
      let size = tagBytes * items.length;
      for (let index = 0; index < items.length; index++) size += value.measure(items[index], lengths);
      return size;
    },
    write(message, bytes, at, lengths) {
      const items = message[name] as readonly unknown[] | undefined;
      if (items === undefined) return at;
      let position = at;
      for (let index = 0; index < items.length; index++) {
        position = value.write(items[index], bytes, writeVarint(bytes, position, tag), lengths);
      }
      return position;
    },
  };
}

function valueWriter(field: DescField): ValueWriter {
  if (field.fieldKind === "enum") return enumWriter(field);
  if (field.fieldKind === "message" || (field.fieldKind === "list" && field.listKind === "message")) {
    if (field.delimitedEncoding) throw unsupported(field);
    return subMessageWriter(messageWriter(field.message));
  }
  if (field.fieldKind === "map" || field.fieldKind === "list") {
    // A list of numbers would be packed, which no packet needs.
    if (field.fieldKind === "list" && field.listKind === "scalar" && field.scalar === ScalarType.STRING) {
      return stringWriter(field);
    }
    throw unsupported(field);
  }
  const make = scalarWriters.get(field.scalar);
  if (make === undefined) throw unsupported(field);
  return make(field);
}

const scalarWriters: ReadonlyMap<ScalarType, (field: DescField) => ValueWriter> = new Map([
  [ScalarType.UINT32, uint32Writer],
  [ScalarType.UINT64, uint64Writer],
  [ScalarType.SINT64, sint64Writer],
  [ScalarType.STRING, stringWriter],
  [ScalarType.BYTES, bytesWriter],
  [ScalarType.BOOL, () => boolWriter],
]);

function subMessageWriter(writer: MessageWriter): ValueWriter {
  return {
    wireType: WIRE_LENGTH_DELIMITED,
    isDefault: () => false,
    measure(value, lengths) {
      const place = lengths.reserve();
      const size = writer.measure(value as Fields, lengths);
      lengths.set(place, size);
      return varintSize(size) + size;
    },
    write: (value, bytes, at, lengths) =>
      writer.write(value as Fields, bytes, writeVarint(bytes, at, lengths.next()), lengths),
  };
}

function stringWriter(field: DescField): ValueWriter {
  return {
    wireType: WIRE_LENGTH_DELIMITED,
    isDefault: (value) => value === "",
    measure(value, lengths) {
      if (typeof value !== "string") throw unfit(field, value);
      const size = utf8Size(value);
      lengths.push(size);
      return varintSize(size) + size;
    },
    write(value, bytes, at, lengths) {
      const size = lengths.next();
      return writeUtf8(bytes, writeVarint(bytes, at, size), value as string, size);
    },
  };
}

function bytesWriter(field: DescField): ValueWriter {
  return {
    wireType: WIRE_LENGTH_DELIMITED,
    isDefault: (value) => value instanceof Uint8Array && value.length === 0,
    measure(value) {
      if (!(value instanceof Uint8Array)) throw unfit(field, value);
      return varintSize(value.length) + value.length;
    },
    write(value, bytes, at) {
      const source = value as Uint8Array;
      const position = writeVarint(bytes, at, source.length);
      bytes.set(source, position);
      return position + source.length;
    },
  };
}

function uint32Writer(field: DescField): ValueWriter {
  return {
    wireType: WIRE_VARINT,
    isDefault: (value) => value === 0,
    measure(value) {
      if (!isWhole(value, 0, UINT32_MAX)) throw unfit(field, value);
      return varintSize(value);
    },
    write: (value, bytes, at) => writeVarint(bytes, at, value as number),
  };
}

function uint64Writer(field: DescField): ValueWriter {
  return {
    wireType: WIRE_VARINT,
    isDefault: (value) => value === 0 || value === 0n,
    measure(value) {
      if (isWhole(value, 0, Number.MAX_SAFE_INTEGER)) return varintSize(value);
      if (typeof value === "bigint" && value >= 0n && value <= UINT64_MAX) return bigVarintSize(value);
      throw unfit(field, value);
    },
    write: (value, bytes, at) =>
      typeof value === "number" ? writeVarint(bytes, at, value) : writeBigVarint(bytes, at, value as bigint),
  };
}

/** Zigzag: 0, −1, 1, −2, … become 0, 1, 2, 3, … */
function zigzag(value: bigint): bigint {
  return value < 0n ? -value * 2n - 1n : value * 2n;
}

/** Rare (user ids), so always by bigint. */
function sint64Writer(field: DescField): ValueWriter {
  return {
    wireType: WIRE_VARINT,
    isDefault: (value) => value === 0 || value === 0n,
    measure(value) {
      if (!Number.isSafeInteger(value) && typeof value !== "bigint") throw unfit(field, value);
      const wide = BigInt(value as number | bigint);
      if (wide < -INT64_MAX - 1n || wide > INT64_MAX) throw unfit(field, value);
      return bigVarintSize(zigzag(wide));
    },
    write: (value, bytes, at) => writeBigVarint(bytes, at, zigzag(BigInt(value as number | bigint))),
  };
}

/** An int32 on the wire: a negative one is extended to 64 bits and takes ten bytes. */
function enumWriter(field: DescField): ValueWriter {
  return {
    wireType: WIRE_VARINT,
    isDefault: (value) => value === 0,
    measure(value) {
      if (!isWhole(value, -0x8000_0000, 0x7fff_ffff)) throw unfit(field, value);
      return value < 0 ? 10 : varintSize(value);
    },
    write(value, bytes, at) {
      const number = value as number;
      return number < 0
        ? writeBigVarint(bytes, at, BigInt.asUintN(64, BigInt(number)))
        : writeVarint(bytes, at, number);
    },
  };
}

const boolWriter: ValueWriter = {
  wireType: WIRE_VARINT,
  isDefault: (value) => value === false,
  measure: () => 1,
  write(value, bytes, at) {
    bytes[at] = value === true ? 1 : 0;
    return at + 1;
  },
};

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function unfit(field: DescField, value: unknown): RangeError {
  return new RangeError(`${field.parent.name}.${field.name} cannot be ${typeof value} ${String(value)}`);
}

function unsupported(field: DescField): TypeError {
  return new TypeError(`the packet encoder has no writer for the kind of field that ${String(field)} is`);
}
