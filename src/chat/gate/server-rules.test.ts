import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FOREVER_MS } from "../store/store.ts";
import { ServerRules } from "./server-rules.ts";

const NOW_MS = 1_700_000_000_000;

function rules(...bans: readonly (readonly [cidr: string, untilMs: number])[]): ServerRules {
  const made = new ServerRules();
  const addressBans = bans.map(([cidr, untilMs]) => ({ cidr, untilMs, reason: "spam" }));
  made.apply({ type: "serverRules", lockdown: 2, addressBans });
  return made;
}

describe("ServerRules", () => {
  it("finds the bans that an address is under; the longest counts", () => {
    const some = rules(
      ["192.0.2.0/24", NOW_MS + 1000],
      ["192.0.2.7/32", NOW_MS + 500],
      ["2001:db8::/32", FOREVER_MS],
    );
    assert.deepEqual(some.banRefusal("192.0.2.7", NOW_MS), {
      code: "BANNED",
      detail: "your address is banned: spam",
      retryAfterMs: 1000,
    });
    assert.equal(some.banRefusal("::ffff:192.0.2.9", NOW_MS)?.retryAfterMs, 1000);
    assert.equal(some.banRefusal("2001:db8::1", NOW_MS)?.retryAfterMs, 0);
    assert.equal(some.banRefusal("198.51.100.1", NOW_MS), undefined);
    assert.equal(some.lockdown, 2);
  });

  it("lets a ban end by itself", () => {
    const some = rules(["192.0.2.0/24", NOW_MS]);
    assert.equal(some.banRefusal("192.0.2.7", NOW_MS), undefined);
    assert.equal(some.banRefusal("192.0.2.7", NOW_MS - 1)?.retryAfterMs, 1);
  });

  it("forgets what was lifted", () => {
    const some = rules(["0.0.0.0/0", FOREVER_MS]);
    assert.equal(some.banRefusal("192.0.2.7", NOW_MS)?.code, "BANNED");
    some.apply({ type: "serverRules", lockdown: 0, addressBans: [] });
    assert.equal(some.banRefusal("192.0.2.7", NOW_MS), undefined);
  });
});
