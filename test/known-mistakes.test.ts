import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";

/**
 * The mistakes of the systems that Portico learned from, and the tests that keep each impossible.
 * Each entry names tests word for word; a test that is renamed or removed is missed here.
 */
const mistakes: readonly { readonly mistake: string; readonly tests: readonly string[] }[] = [
  {
    mistake:
      "a header below 4 was never rejected, 0 looped for ever, and the maximum was checked after the whole body",
    tests: [
      "a header with size below 4 is rejected at once",
      "size 0 cannot loop for ever",
      "the maximum is checked before the body is awaited",
    ],
  },
  {
    mistake:
      "a session went back to the pool while an operation in the other direction was pending, without a generation",
    tests: [
      "does not return to its pool while an operation in the other direction is pending",
      "refuses the id of a session that has ended, also when its slot is taken again",
    ],
  },
  {
    mistake:
      "a double return made a phantom session; an unauthenticated disconnect decremented the user count",
    tests: [
      "a double return to the pool throws and makes no phantom session",
      "an unauthenticated disconnect does not change the user count",
    ],
  },
  {
    mistake: "a second sender sent the same bytes twice, and a wake-up was lost when the queue became empty",
    tests: [
      "sends bytes once: a second sender during a send adds to the queue and repeats nothing",
      "loses no wake-up: bytes queued while the last send completes still leave",
    ],
  },
  {
    mistake: "a span was published before it was serialised",
    tests: ["a range is sent only after it was closed, so uninitialised bytes cannot leave"],
  },
  { mistake: "a u16 size truncated silently", tests: ["a u16 size is never truncated above 65,535"] },
  {
    mistake: "an accept error left the server deaf",
    tests: [
      "accepting goes on after it has failed",
      "tells of accepts that failed for want of descriptors, and accepts again later",
    ],
  },
  {
    mistake: "a thread pool lost the order of one session's packets",
    tests: ["one session's packets keep their order"],
  },
  {
    mistake: "the broadcast held the list lock across blocking sends",
    tests: ["a broadcast does not wait for a slow reader", "the broadcast holds nothing across sends"],
  },
  {
    mistake: "pooled send objects were not returned on close, so that in the end everybody was refused",
    tests: ["pooled send objects are returned on close"],
  },
  {
    mistake: "login accepted anything, passwords were in the clear, the duplicate check was not atomic",
    tests: [
      "login with wrong credentials is refused",
      "passwords are never stored in the clear",
      "the duplicate-login check is atomic",
    ],
  },
];

const titles = globSync(["src/**/*.test.ts", "test/**/*.ts"])
  .filter((file) => !file.endsWith("known-mistakes.test.ts"))
  .map((file) => readFileSync(file, "utf8"))
  .join("\n");

describe("known mistakes", () => {
  for (const { mistake, tests } of mistakes) {
    it(`is impossible: ${mistake}`, () => {
      for (const title of tests) assert.ok(titles.includes(title), `there is no test "${title}"`);
    });
  }
});
