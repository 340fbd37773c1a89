import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../base/clock.ts";
import { DisconnectHistory, REMEMBERED_ENDINGS } from "./disconnect-history.ts";

const address = "192.0.2.1";

describe("DisconnectHistory", () => {
  it("has the newest first, and forgets the oldest", () => {
    const history = new DisconnectHistory(new ManualClock(0));
    assert.deepEqual(history.list(), []);
    for (let count = 1; count <= REMEMBERED_ENDINGS + 50; count++) {
      history.note({ address, userName: `u${count}`, wire: "packets" }, "KICKED", "why");
      assert.equal(history.list()[0]?.user, `u${count}`);
      assert.equal(history.list().length, Math.min(count, REMEMBERED_ENDINGS));
    }
    assert.equal(history.list().at(-1)?.user, "u51");
  });

  it("says who, from where, over what, when, and why", () => {
    const clock = new ManualClock(0);
    const history = new DisconnectHistory(clock);
    history.note({ address, userName: "mina", wire: "deflate" }, "SLOW_READER", "you read too slowly");
    assert.deepEqual(history.list(), [
      {
        timeMs: clock.wallMs(),
        user: "mina",
        address,
        transport: "websocket",
        code: "SLOW_READER",
        number: 3003,
        detail: "you read too slowly",
      },
    ]);
  });

  it("leaves out who came, said nothing and left", () => {
    const history = new DisconnectHistory(new ManualClock(0));
    history.note({ address, userName: undefined, wire: "packets" }, "NONE", "the client closed it");
    assert.deepEqual(history.list(), []);
    history.note({ address, userName: undefined, wire: "packets" }, "HANDSHAKE_TIMEOUT", "too late");
    history.note({ address, userName: "mina", wire: "packets" }, "NONE", "the client closed it");
    assert.deepEqual(
      history.list().map(({ user, code }) => [user, code]),
      [
        ["mina", "NONE"],
        ["", "HANDSHAKE_TIMEOUT"],
      ],
    );
  });
});
