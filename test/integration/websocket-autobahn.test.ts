import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SendBufferPool, type SocketAddress } from "../../src/engine/index.ts";
import {
  libuvSubject,
  type PortEnvironment,
  type PortSubject,
  simulatedSubject,
  uringSubject,
} from "../conformance/environments.ts";
import { roughFaults } from "../../src/engine/simulated/network-faults.ts";
import { type AutobahnCase, autobahnCases } from "../support/websocket-autobahn-cases.ts";
import { WebSocketEcho } from "../support/websocket-echo.ts";
import { WebSocketTestClient } from "../support/websocket-test-client.ts";

/**
 * The cases of the Autobahn test suite (crossbario/autobahn-testsuite), by their ids, against an echo.
 * Compression, groups 12 and 13 there, has a test of its own: websocket-deflate.test.ts.
 */
const MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024;

const seed = Number(process.env["PORTICO_SEED"] ?? 6455);

/** Runs one case to its end on both sides. */
async function run(
  env: PortEnvironment,
  echo: WebSocketEcho,
  address: SocketAddress,
  sendBuffers: SendBufferPool,
  test: AutobahnCase,
): Promise<void> {
  const client = new WebSocketTestClient(env.client, sendBuffers);
  await env.settled(client.connect(address));
  await env.until(() => client.isOpen, "the connection is open");
  const heardBefore = echo.ends.length;
  const expected = test.heard();
  const steps = test.steps();
  if (test.closedBy === "frame") client.willClose();
  for (const step of steps) {
    if (step === "closed") await env.until(() => client.closeFrame !== undefined, "the server has closed");
    else if (step === "stillOpen") {
      await env.pause();
      assert.equal(client.closeFrame, undefined, "the server has not closed yet");
    } else if ("until" in step) await env.until(() => client.heard.length >= step.until, "an answer came");
    else client.send(step.send, step.chopBytes);
  }
  let roundsLeft = (test.rounds ?? 1) - 1;
  client.onHeard = () => {
    if (roundsLeft-- <= 0) return;
    for (const step of steps) if (typeof step === "object" && "send" in step) client.send(step.send);
  };
  if (test.closedBy === "client") {
    await env.until(
      () => client.heard.length >= expected.length || client.end !== undefined,
      `${expected.length} answers came`,
    );
    client.close(1000);
  }
  await env.until(() => client.end !== undefined, "the server has ended the connection");
  await env.until(() => echo.ends.length > heardBefore, "the server's handler was told");

  const { messages } = client;
  assert.deepEqual(
    messages.map(([kind, payload]) => [kind, String(payload).length]),
    expected.map(([kind, payload]) => [kind, String(payload).length]),
  );
  for (const [index, [, payload]] of messages.entries()) {
    // Not deepEqual: a difference in 16 MiB is not to be printed.
    assert.ok(payload === expected[index]?.[1], `the payload of answer ${index + 1} is right`);
  }
  assert.ok(client.closeFrame !== undefined, "the server said goodbye");
  assert.ok(test.codes.includes(client.closeFrame[1]), `it closed with ${client.closeFrame[1]}`);
  assert.deepEqual(
    client.end,
    { reason: "RECV_0", detail: 0 },
    "the server ended the TCP connection, unbroken",
  );
  assert.equal(client.closedFirst, test.closedBy !== "server", "the right side closed first");
}

/** Cases that are too much where each byte comes alone. */
const isSmall = ({ wireBytes }: AutobahnCase): boolean => wireBytes < 2048;

/** All but those that take long and show nothing new on another port; each kind of group 9 is there. */
const isQuick = ({ id }: AutobahnCase): boolean =>
  !id.startsWith("9.") || /^9\.(?:1\.[16]|2\.[16]|3\.4|4\.8|5\.6|6\.3|7\.2|8\.6)$/.test(id);

const subjects: readonly [PortSubject, (test: AutobahnCase) => boolean][] = [
  [simulatedSubject("simulated", seed), () => true],
  [
    simulatedSubject("simulated, each byte alone", seed + 1, { splitReceiveChance: 1, splitReceiveBytes: 1 }),
    isSmall,
  ],
  [simulatedSubject("simulated, rough", seed + 2, roughFaults), (test) => test.wireBytes < 131_072],
  [libuvSubject, isQuick],
  [await uringSubject(), isQuick],
];

for (const [subject, isRun] of subjects) {
  describe(`Autobahn cases on ${subject.name}, PORTICO_SEED=${seed}`, { skip: subject.skipReason }, () => {
    let env: PortEnvironment;
    let echo: WebSocketEcho;
    let address: SocketAddress;
    let sendBuffers: SendBufferPool;

    before(async () => {
      env = await subject.create();
      sendBuffers = new SendBufferPool(env.client.arena);
      echo = new WebSocketEcho(env.server, {
        messageLimitBytes: MESSAGE_LIMIT_BYTES,
        // Nothing here may depend on how busy the machine is.
        limits: { drainTimeoutMs: 60_000 },
      });
      address = await env.settled(echo.listen(env.listenAddress));
    });

    after(async () => {
      assert.equal(echo.connections.size, 0);
      assert.equal(echo.service.receiveBuffers.rentedBytes, 0, "every buffer is back");
      echo.service.sendBuffers.trim();
      assert.equal(echo.service.sendBuffers.usedCount, 0, "every chunk is free");
      await env.close();
    });

    for (const test of autobahnCases().filter(isRun)) {
      it(`${test.id}: ${test.what}`, () => run(env, echo, address, sendBuffers, test));
    }
  });
}
