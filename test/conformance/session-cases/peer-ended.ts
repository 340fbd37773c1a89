import assert from "node:assert/strict";
import type { Session } from "../../../src/engine/index.ts";
import type { SessionCase } from "../session-suite.ts";
import { Peer } from "../session-world.ts";

/** Keeps its half open when the peer has finished. */
class PatientPeer extends Peer {
  endedCount = 0;

  onPeerEnded(): void {
    this.endedCount++;
  }
}

/** Sessions whose peer has finished sending and still reads. */
export function peerEndedCases(sessionCase: SessionCase): void {
  sessionCase("a handler that wants to may go on sending after the peer's FIN", async (world) => {
    const peer = new PatientPeer();
    const listener = await world.env.settled(
      world.server.listen(world.env.listenAddress, { createHandler: () => peer }),
    );
    const client = await world.env.settled(world.client.connect(listener.address));
    client.sendBytes(Buffer.from("all of it"));
    client.disconnect();
    await world.env.until(() => peer.endedCount === 1, "the FIN is told");
    const session = peer.session as Session;
    assert.equal(peer.bytes.toString(), "all of it", "what came before it was delivered before");
    assert.equal(session.state, "open");
    // Nothing is there to be received any more, whatever is asked for.
    session.pauseReceiving();
    session.resumeReceiving();
    for (let count = 0; count < 5; count++) {
      assert.ok(session.sendBytes(Buffer.alloc(20_000)));
      await world.env.until(() => session.queuedBytes === 0, "an answer leaves");
    }
    assert.ok(session.sendBytes(Buffer.from("and the last")));
    session.disconnect("NO_LOG", 7);
    await world.env.until(
      () => peer.ends.length === 1 && world.clientPeers.at(-1)?.ends.length === 1,
      "both have ended",
    );
    assert.deepEqual(peer.ends, [{ reason: "NO_LOG", detail: 7 }]);
    assert.equal(peer.endedCount, 1);
    await world.env.settled(listener.close());
  });
}
