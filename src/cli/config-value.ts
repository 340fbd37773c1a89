import * as z from "zod";
import { type Cidr, formatCidr, parseCidr } from "../base/cidr.ts";
import { BYTE_SIZE_FORMAT, formatByteSize, parseByteSize } from "../base/byte-size.ts";
import { DURATION_FORMAT, formatDuration, parseDuration } from "../base/duration.ts";
import {
  AddressError,
  formatSocketAddress,
  parseSocketAddress,
  type SocketAddress,
} from "../engine/index.ts";
import { OriginError, originRule } from "../websocket/index.ts";

/**
 * What a setting's value may be. A value comes as YAML has it, or as text from the environment or a flag;
 * each schema takes both, and says in one sentence what it expected.
 */

/** What `config-schema.ts` says of each key beside its type. */
export interface KeyInfo {
  /** One line, a sentence, for docs and `portico config`. */
  readonly description: string;
  /** As one would write it in the file. */
  readonly defaultText: string | number | boolean;
  /** The value as one would write it in the file. */
  readonly format: (value: unknown) => string | number | boolean;
}

/** What is known of each key's schema. */
export const keyInfos = z.registry<KeyInfo>();

/** HOST:PORT with a literal address. */
export function address(defaultText: string, description: string): z.ZodType<SocketAddress> {
  const schema = z.unknown().transform((value, context) => {
    try {
      return parseSocketAddress(typeof value === "string" ? value : show(value));
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      return refuse(context, value, "an address such as 127.0.0.1:9000, 0.0.0.0:9000 or [::1]:9000");
    }
  });
  return key(schema, defaultText, description, formatSocketAddress);
}

/** HOST:PORT with a literal address, or "" for none. */
export function optionalAddress(description: string): z.ZodType<SocketAddress | undefined> {
  const schema = z.unknown().transform((value, context) => {
    if (value === "") return undefined;
    try {
      return parseSocketAddress(typeof value === "string" ? value : show(value));
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      return refuse(context, value, "an address such as 127.0.0.1:9090 or [::1]:9090, or nothing");
    }
  });
  return key<SocketAddress | undefined>(schema, "", description, (value) =>
    value === undefined ? "" : formatSocketAddress(value),
  );
}

/** Bytes. */
export function byteSize(
  defaultText: string,
  least: number,
  most: number,
  description: string,
): z.ZodType<number> {
  const bounds = `${formatByteSize(least)} … ${formatByteSize(most)}`;
  const schema = z.unknown().transform((value, context) => {
    const bytes = isText(value) ? parseByteSize(String(value)) : undefined;
    return isBetween(bytes, least, most) ? bytes : refuse(context, value, `${BYTE_SIZE_FORMAT}, ${bounds}`);
  });
  return key(schema, defaultText, description, formatByteSize);
}

/** Milliseconds. */
export function duration(
  defaultText: string,
  leastMs: number,
  mostMs: number,
  description: string,
): z.ZodType<number> {
  const bounds = `${formatDuration(leastMs)} … ${formatDuration(mostMs)}`;
  const schema = z.unknown().transform((value, context) => {
    const ms = isText(value) ? parseDuration(String(value)) : undefined;
    return isBetween(ms, leastMs, mostMs) ? ms : refuse(context, value, `${DURATION_FORMAT}, ${bounds}`);
  });
  return key(schema, defaultText, description, formatDuration);
}

export function wholeNumber(
  defaultNumber: number,
  least: number,
  most: number,
  description: string,
): z.ZodType<number> {
  const schema = z.unknown().transform((value, context) => {
    const number = isText(value) && /^\d+$/.test(String(value).trim()) ? Number(value) : undefined;
    return isBetween(number, least, most)
      ? number
      : refuse(context, value, `a whole number, ${least} … ${most}`);
  });
  return key(schema, defaultNumber, description, (value) => value);
}

export function flag(isSet: boolean, description: string): z.ZodType<boolean> {
  const schema = z.unknown().transform((value, context) => {
    if (value === true || value === "true") return true;
    if (value === false || value === "false") return false;
    return refuse(context, value, "true or false");
  });
  return key(schema, isSet, description, (value) => value);
}

export function choice<const Choice extends string>(
  choices: readonly Choice[],
  defaultChoice: NoInfer<Choice>,
  description: string,
): z.ZodType<Choice> {
  const schema = z.unknown().transform((value, context) => {
    const chosen = choices.find((each) => each === value);
    return chosen ?? refuse(context, value, `one of ${choices.join(", ")}`);
  });
  return key(schema, defaultChoice, description, (value) => value);
}

export function path(defaultText: string, description: string): z.ZodType<string> {
  const schema = z.unknown().transform((value, context) => {
    const isPath = typeof value === "string" && value.trim() !== "" && !value.includes("\0");
    return isPath ? value : refuse(context, value, "a path");
  });
  return key(schema, defaultText, description, (value) => value);
}

/** Any text, "" for none. A secret is not printed. */
export function textLine(
  description: string,
  options: { readonly isSecret?: boolean } = {},
): z.ZodType<string> {
  const schema = z.unknown().transform((value, context) => {
    const isLine = typeof value === "string" && !/[\0\n]/.test(value);
    return isLine
      ? value.trim()
      : refuse(context, options.isSecret === true ? "not it" : value, "one line of text");
  });
  return key(schema, "", description, (value) =>
    options.isSecret === true && value !== "" ? "(not shown)" : value,
  );
}

/** A secret that is sent as a Bearer token (RFC 6750), long enough not to be guessed; "": none. */
export function bearerToken(description: string): z.ZodType<string> {
  const schema = z.unknown().transform((value, context) => {
    const text = typeof value === "string" ? value.trim() : "";
    if (value === "" || /^[\x21-\x7e]{16,256}$/.test(text)) return text;
    return refuse(context, "not it", "16 to 256 visible ASCII characters");
  });
  return key(schema, "", description, (value) => (value === "" ? "" : "(not shown)"));
}

/** Ranges of addresses, separated by commas; "": none. */
export function cidrList(description: string): z.ZodType<readonly Cidr[]> {
  return list(description, parseCidr, formatCidr, 'ranges of addresses such as "10.0.0.0/8, 2001:db8::/32"');
}

/** Origins of web pages, separated by commas; "*": all; "": none. See `originRule`. */
export function originList(description: string): z.ZodType<readonly string[]> {
  const parse = (text: string): string | undefined => {
    try {
      originRule([text]);
      return text;
    } catch (error) {
      if (error instanceof OriginError) return undefined;
      throw error;
    }
  };
  return list(description, parse, (origin) => origin, 'origins such as "https://chat.example.org", or "*"');
}

/** Values separated by commas. */
function list<Value>(
  description: string,
  parse: (text: string) => Value | undefined,
  format: (value: Value) => string,
  expected: string,
): z.ZodType<readonly Value[]> {
  const schema = z.unknown().transform((value, context) => {
    if (typeof value !== "string") return refuse(context, value, expected);
    const parsed: Value[] = [];
    for (const part of value.split(",").map((each) => each.trim())) {
      if (part === "") continue;
      const each = parse(part);
      if (each === undefined) return refuse(context, value, expected);
      parsed.push(each);
    }
    return parsed;
  });
  return key<readonly Value[]>(schema, "", description, (values) => values.map(format).join(", "));
}

/** A value as a person wrote it, for messages; long ones are cut. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function key<Value>(
  schema: z.ZodType<Value>,
  defaultText: string | number | boolean,
  description: string,
  format: (value: Value) => string | number | boolean,
): z.ZodType<Value> {
  return schema.register(keyInfos, {
    description,
    defaultText,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only ever given what this schema gave
    format: (value) => format(value as Value),
  });
}

function refuse(context: z.RefinementCtx, value: unknown, expected: string): never {
  context.addIssue({ code: "custom", message: `is ${show(value)}; expected ${expected}`, input: value });
  return z.NEVER;
}

function isText(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function isBetween(value: number | undefined, least: number, most: number): value is number {
  return value !== undefined && value >= least && value <= most;
}
