import { argon2, timingSafeEqual } from "node:crypto";
import { type Random, realRandom } from "../../base/random.ts";
import { RingBuffer } from "../../base/ring-buffer.ts";

/** Turns passwords into what may be stored, and compares. All of it may reject with PasswordBusyError. */
export interface PasswordHasher {
  /** A PHC string with a salt of its own: two hashes of one password differ. */
  hash(password: string): Promise<string>;
  /**
   * Whether `phc` was made of this password. False, after the usual work, for a string that is no
   * argon2id hash this program would have made.
   */
  verify(password: string, phc: string): Promise<boolean>;
  /** For a user who does not exist: the work of `verify`, and false. Time tells the two apart no more. */
  verifyAbsent(password: string): Promise<false>;
}

/** Too many passwords wait to be hashed; ask again later. */
export class PasswordBusyError extends Error {
  readonly code = "BUSY";
  constructor(waitingCount: number) {
    super(`${waitingCount} passwords are waiting to be hashed`);
    this.name = "PasswordBusyError";
  }
}

/** What argon2id (RFC 9106, version 0x13) costs. */
export interface Argon2Cost {
  /** Memory in KiB; at least 8 × parallelism. */
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane. Measured: 26 to 40 ms of a core. */
export const DEFAULT_COST: Argon2Cost = { memoryKib: 19_456, passes: 2, parallelism: 1 };

/** The most that a stored string may ask for: whoever can write the database cannot stop the server. */
const COST_LIMIT: Argon2Cost = { memoryKib: 1_048_576, passes: 64, parallelism: 16 };

const SALT_BYTES = 16;
const TAG_BYTES = 32;

export interface Argon2Input extends Argon2Cost {
  readonly message: string | Uint8Array;
  readonly salt: Uint8Array;
  readonly tagBytes: number;
  /** Optional inputs K and X of RFC 9106 section 3.1. */
  readonly secret?: Uint8Array;
  readonly associatedData?: Uint8Array;
}

export type Argon2id = (input: Argon2Input) => Promise<Uint8Array>;

/** argon2id as Node computes it, in a thread of libuv's pool. */
export const nodeArgon2id: Argon2id = (input) =>
  new Promise((resolve, reject) => {
    const parameters = {
      message: input.message,
      nonce: input.salt,
      parallelism: input.parallelism,
      tagLength: input.tagBytes,
      memory: input.memoryKib,
      passes: input.passes,
      secret: input.secret,
      associatedData: input.associatedData,
    };
    argon2("argon2id", parameters, (error, tag) => {
      if (error === null) resolve(tag);
      else reject(error);
    });
  });

export interface Argon2PasswordHasherOptions {
  /** Cost of new hashes; kept ones are verified at their own. Default DEFAULT_COST. */
  readonly cost?: Argon2Cost;
  /** Passwords hashed at a time; each takes a thread of libuv's pool (4 in all). Default 2. */
  readonly concurrency?: number;
  /** Passwords that may wait beside those. Default 256. */
  readonly queueLimit?: number;
  /** Where salts come from. Default: the machine. */
  readonly random?: Random;
  /** What computes; a test may count with it. Default: Node. */
  readonly argon2id?: Argon2id;
}

/** PasswordHasher with argon2id; strings such as `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. */
export class Argon2PasswordHasher implements PasswordHasher {
  readonly #cost: Argon2Cost;
  readonly #concurrency: number;
  readonly #random: Random;
  readonly #argon2id: Argon2id;
  readonly #waiting: RingBuffer<() => void>;
  /** What an absent user's password is compared with. */
  readonly #absent: StoredHash;
  #runningCount = 0;

  constructor(options: Argon2PasswordHasherOptions = {}) {
    this.#cost = options.cost ?? DEFAULT_COST;
    this.#concurrency = options.concurrency ?? 2;
    this.#random = options.random ?? realRandom;
    this.#argon2id = options.argon2id ?? nodeArgon2id;
    this.#waiting = new RingBuffer(options.queueLimit ?? 256);
    this.#absent = {
      cost: this.#cost,
      salt: this.#random.bytes(SALT_BYTES),
      tag: this.#random.bytes(TAG_BYTES),
    };
  }

  async hash(password: string): Promise<string> {
    const salt = this.#random.bytes(SALT_BYTES);
    const tag = await this.#compute(password, this.#cost, salt);
    return formatPhc({ cost: this.#cost, salt, tag });
  }

  async verify(password: string, phc: string): Promise<boolean> {
    const stored = parsePhc(phc);
    if (stored === undefined) return this.verifyAbsent(password);
    return this.#matches(password, stored);
  }

  async verifyAbsent(password: string): Promise<false> {
    await this.#matches(password, this.#absent);
    return false;
  }

  async #matches(password: string, stored: StoredHash): Promise<boolean> {
    const tag = await this.#compute(password, stored.cost, stored.salt);
    return timingSafeEqual(tag, stored.tag);
  }

  async #compute(password: string, cost: Argon2Cost, salt: Uint8Array): Promise<Uint8Array> {
    await this.#enter();
    try {
      return await this.#argon2id({ ...cost, message: password, salt, tagBytes: TAG_BYTES });
    } finally {
      this.#leave();
    }
  }

  /** Resolves when this one may compute. */
  #enter(): Promise<void> {
    if (this.#runningCount < this.#concurrency) {
      this.#runningCount++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      if (!this.#waiting.push(resolve)) reject(new PasswordBusyError(this.#waiting.count));
    });
  }

  /** The place goes straight to the next in line, so that nobody slips in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#runningCount--;
    else next();
  }
}

interface StoredHash {
  readonly cost: Argon2Cost;
  readonly salt: Uint8Array;
  /** TAG_BYTES long. */
  readonly tag: Uint8Array;
}

const phcPattern =
  /^\$argon2id\$v=19\$m=(?<memory>[1-9]\d{0,9}),t=(?<passes>[1-9]\d{0,9}),p=(?<lanes>[1-9]\d{0,9})\$(?<salt>[A-Za-z0-9+/]+)\$(?<tag>[A-Za-z0-9+/]+)$/;

function formatPhc({ cost, salt, tag }: StoredHash): string {
  const { memoryKib, passes, parallelism } = cost;
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${encodeBase64(salt)}$${encodeBase64(tag)}`;
}

/** undefined for anything but what `formatPhc` writes, with a cost in the limits. */
function parsePhc(phc: string): StoredHash | undefined {
  const groups = phcPattern.exec(phc)?.groups;
  if (groups === undefined) return undefined;
  const cost = {
    memoryKib: Number(groups.memory),
    passes: Number(groups.passes),
    parallelism: Number(groups.lanes),
  };
  const salt = decodeBase64(groups.salt ?? "");
  const tag = decodeBase64(groups.tag ?? "");
  if (salt?.length !== SALT_BYTES || tag?.length !== TAG_BYTES || !isWithinLimits(cost)) return undefined;
  return { cost, salt, tag };
}

function isWithinLimits({ memoryKib, passes, parallelism }: Argon2Cost): boolean {
  return (
    memoryKib <= COST_LIMIT.memoryKib &&
    passes <= COST_LIMIT.passes &&
    parallelism <= COST_LIMIT.parallelism &&
    memoryKib >= 8 * parallelism
  );
}

/** Standard alphabet without padding, as the PHC string format says. */
function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}

/** undefined when the text is not exactly what `encodeBase64` gives. */
function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return encodeBase64(bytes) === text ? bytes : undefined;
}
