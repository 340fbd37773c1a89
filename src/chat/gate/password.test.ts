import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "../../base/random.ts";
import {
  type Argon2Input,
  Argon2PasswordHasher,
  type Argon2PasswordHasherOptions,
  DEFAULT_COST,
  nodeArgon2id,
  PasswordBusyError,
} from "./password.ts";

/** Cheap enough to compute hundreds of times. */
const cheap = { memoryKib: 64, passes: 1, parallelism: 1 };
const PASSWORD = "correct horse battery staple";

/** A hasher that keeps what it was asked to compute. */
function countingHasher(options: Argon2PasswordHasherOptions = {}) {
  const computed: Argon2Input[] = [];
  const hasher = new Argon2PasswordHasher({
    cost: cheap,
    ...options,
    argon2id: (input) => {
      computed.push(input);
      return nodeArgon2id(input);
    },
  });
  return { hasher, computed };
}

describe("Argon2PasswordHasher", () => {
  it("recognises the password it hashed and no other", async () => {
    const hasher = new Argon2PasswordHasher();
    const phc = await hasher.hash(PASSWORD);
    assert.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.equal(await hasher.verify(PASSWORD, phc), true);
    assert.equal(await hasher.verify("Correct horse battery staple", phc), false);
    assert.equal(await hasher.verify("", phc), false);
  });

  it("passwords are never stored in the clear", async () => {
    const hasher = new Argon2PasswordHasher({ cost: cheap });
    const [one, two] = [await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)];
    assert.notEqual(one, two, "each hash has a salt of its own");
    for (const phc of [one, two]) {
      for (const encoding of ["utf8", "base64", "hex", "base64url"] as const) {
        const written = Buffer.from(PASSWORD).toString(encoding).replaceAll("=", "");
        assert.ok(!phc.includes(written), `the hash contains the password in ${encoding}`);
      }
    }
  });

  it("takes text beyond ASCII byte for byte", async () => {
    const hasher = new Argon2PasswordHasher({ cost: cheap });
    const phc = await hasher.hash("비밀번호🔑");
    assert.equal(await hasher.verify("비밀번호🔑", phc), true);
    assert.equal(await hasher.verify("비밀번호", phc), false);
  });

  it("computes what RFC 9106 section 5.3 says", async () => {
    const tag = await nodeArgon2id({
      message: new Uint8Array(32).fill(1),
      salt: new Uint8Array(16).fill(2),
      secret: new Uint8Array(8).fill(3),
      associatedData: new Uint8Array(12).fill(4),
      memoryKib: 32,
      passes: 3,
      parallelism: 4,
      tagBytes: 32,
    });
    assert.equal(
      Buffer.from(tag).toString("hex"),
      "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659",
    );
  });

  it("verifies hashes made at another cost", async () => {
    const phc = await new Argon2PasswordHasher({ cost: { ...cheap, passes: 3 } }).hash(PASSWORD);
    const { hasher, computed } = countingHasher();
    assert.equal(await hasher.verify(PASSWORD, phc), true);
    assert.equal(computed[0]?.passes, 3);
  });

  it("refuses every string it would not have written, after the usual work", async () => {
    const { hasher, computed } = countingHasher({ random: new SeededRandom(1) });
    const phc = await hasher.hash(PASSWORD);
    const [, , , , salt = "", tag = ""] = phc.split("$");
    const flipped = (tag.startsWith("A") ? "B" : "A") + tag.slice(1);
    const tampered = [
      "",
      PASSWORD,
      phc.slice(0, -1),
      ` ${phc}`,
      `${phc}\n`,
      `${phc}$`,
      `${phc}=`,
      phc.replace("argon2id", "argon2i"),
      phc.replace("v=19", "v=16"),
      phc.replace("m=64", "m=064"),
      phc.replace("m=64", "m=4"),
      phc.replace("m=64", "m=4294967295"),
      phc.replace("t=1", "t=0"),
      phc.replace("t=1", "t=4294967295"),
      phc.replace("p=1", "p=1000"),
      phc.replace("m=64,t=1", "t=1,m=64"),
      phc.replace(salt, ""),
      phc.replace(salt, salt.slice(0, 12)),
      phc.replace(tag, tag.slice(0, 22)),
      phc.replace(tag, flipped),
      // The last character of 22 carries 4 spare bits, which must be 0.
      phc.replace(salt, `${salt.slice(0, -1)}${salt.endsWith("B") ? "C" : "B"}`),
    ];
    computed.length = 0;
    for (const [index, text] of tampered.entries()) {
      assert.equal(await hasher.verify(PASSWORD, text), false, JSON.stringify(text));
      assert.equal(computed.length, index + 1, "each costs one computation");
    }
    assert.ok(computed.every((input) => input.memoryKib === 64 && input.passes === 1));
  });

  it("does the same work for an absent user as for a wrong password", async () => {
    const { hasher, computed } = countingHasher({ cost: DEFAULT_COST });
    const phc = await hasher.hash(PASSWORD);
    computed.length = 0;
    assert.equal(await hasher.verify("wrong password", phc), false);
    assert.equal(await hasher.verifyAbsent("wrong password"), false);
    assert.equal(computed.length, 2);
    const [wrong, absent] = computed.map(({ salt, ...rest }) => ({ ...rest, saltBytes: salt.length }));
    assert.deepEqual(absent, wrong);
  });

  it("computes so many at once, queues so many, and refuses the rest", async () => {
    let running = 0;
    let mostRunning = 0;
    const releases: (() => void)[] = [];
    const hasher = new Argon2PasswordHasher({
      concurrency: 2,
      queueLimit: 3,
      argon2id: async () => {
        running++;
        mostRunning = Math.max(mostRunning, running);
        await new Promise<void>((resolve) => {
          releases.push(resolve);
        });
        running--;
        return new Uint8Array(32);
      },
    });
    const asked = Array.from({ length: 5 }, () => hasher.hash(PASSWORD));
    await assert.rejects(
      hasher.hash(PASSWORD),
      (error) => error instanceof PasswordBusyError && error.code === "BUSY",
    );
    await assert.rejects(hasher.verifyAbsent(PASSWORD), PasswordBusyError);
    for (let released = 0; released < 5; released++) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      releases[released]?.();
    }
    assert.equal((await Promise.all(asked)).length, 5);
    assert.equal(mostRunning, 2);
    const again = hasher.hash(PASSWORD);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    releases[5]?.();
    await again;
  });

  it("gives its place back when computing fails", async () => {
    let isBroken = true;
    const hasher = new Argon2PasswordHasher({
      concurrency: 1,
      queueLimit: 1,
      argon2id: async () => {
        if (isBroken) throw new Error("out of memory");
        return new Uint8Array(32);
      },
    });
    await assert.rejects(hasher.hash(PASSWORD), /out of memory/);
    isBroken = false;
    assert.ok((await hasher.hash(PASSWORD)).length > 0);
  });
});
