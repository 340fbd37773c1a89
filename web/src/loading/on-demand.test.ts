import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OnDemand } from "./on-demand.ts";

describe("a part on demand", () => {
  it("is fetched once, and told when it is there", async () => {
    let fetches = 0;
    const part = new OnDemand(() => Promise.resolve(++fetches));
    let told = 0;
    const forget = part.subscribe(() => told++);
    assert.equal(part.get(), undefined);
    assert.deepEqual(await Promise.all([part.load(), part.load()]), [1, 1]);
    part.prepare();
    assert.equal(await part.load(), 1);
    assert.equal(part.get(), 1);
    assert.equal(told, 1);
    forget();
  });

  it("is tried again after an attempt that failed", async () => {
    let fetches = 0;
    const part = new OnDemand(() => {
      fetches++;
      return fetches < 3 ? Promise.reject(new Error("no network")) : Promise.resolve("here");
    });
    await assert.rejects(part.load(), /no network/);
    part.prepare();
    await assert.rejects(part.load(), /no network/, "the attempt that is under way already");
    assert.equal(part.get(), undefined);
    assert.equal(await part.load(), "here");
    assert.equal(fetches, 3);
  });
});
