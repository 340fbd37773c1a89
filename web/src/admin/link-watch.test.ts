import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LinkWatch } from "./link-watch.ts";

describe("whether the server answers", () => {
  it("tells changes alone, and when it was last heard", () => {
    let nowMs = 1000;
    const watch = new LinkWatch(() => nowMs);
    let changes = 0;
    const stop = watch.subscribe(() => changes++);

    watch.heard();
    assert.equal(changes, 1);
    nowMs = 5000;
    watch.heard();
    const before = watch.state();
    assert.equal(changes, 1);

    nowMs = 9000;
    watch.silent();
    watch.silent();
    assert.equal(changes, 2);
    assert.notEqual(watch.state(), before);
    assert.deepEqual(watch.state(), { heardMs: 5000, isSilent: true });

    watch.heard();
    assert.deepEqual(watch.state(), { heardMs: 9000, isSilent: false });
    stop();
    watch.silent();
    assert.equal(changes, 3);
  });

  it("tells silence from the start", () => {
    const watch = new LinkWatch(() => 7);
    watch.silent();
    assert.deepEqual(watch.state(), { heardMs: 0, isSilent: true });
  });
});
