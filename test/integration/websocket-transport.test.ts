import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import {
  browserEnvironment,
  ChatClient,
  type ClientEventOf,
  type ClientState,
  WebSocketTransport,
} from "../../src/client/index.ts";
import { PacketType } from "../../src/protocol/codes.ts";
import { AdminUserRequest_Action } from "../../src/protocol/generated/portico/v1/portico_pb.js";
import { account, admin, LOBBY, ok, PASSWORD } from "../support/chat-scenes.ts";
import { until } from "../support/chat-test-client.ts";
import { testBackends } from "../support/chat-test-server.ts";
import { startWebChatServer, type WebChatServer } from "../support/web-chat-server.ts";

interface Browser {
  /** Breaks the connection there is. */
  readonly cut: () => void;
  readonly client: ChatClient;
  readonly states: ClientState[];
  readonly messages: ClientEventOf<"message">[];
}

/** The client as it runs in a page: over the runtime's own WebSocket, with its clock and timers. */
function openBrowser(test: TestContext, { url }: WebChatServer): Browser {
  const sockets: WebSocket[] = [];
  const transport = new WebSocketTransport({
    url,
    open: (address, protocol) => {
      const socket = new WebSocket(address, protocol);
      sockets.push(socket);
      return socket;
    },
  });
  const client = new ChatClient({
    transport,
    environment: browserEnvironment,
    backoff: { firstMs: 10, capMs: 50 },
  });
  const states: ClientState[] = [];
  const messages: ClientEventOf<"message">[] = [];
  client.on("state", ({ state }) => states.push(state));
  client.on("message", (message) => messages.push(message));
  test.after(() => client.close());
  return { cut: () => sockets.at(-1)?.close(), client, states, messages };
}

async function enter(test: TestContext, server: WebChatServer, name: string): Promise<Browser> {
  const browser = openBrowser(test, server);
  await browser.client.connect({ name, password: PASSWORD }, { register: true });
  return browser;
}

for (const backend of testBackends) {
  describe(`the client over the runtime's WebSocket, on ${backend}`, () => {
    it("talks with clients over TCP, and both see one order", async (test) => {
      const server = await startWebChatServer(test, backend);
      const { client, messages } = await enter(test, server, "mina");
      const joon = await account(server.chat, "joon");
      const sent = Array.from({ length: 50 }, (_, index) => client.publish(LOBBY, `안녕 ${index}`));
      for (let index = 0; index < 20; index++) await ok(joon.publish(LOBBY, `hello ${index}`));
      const receipts = await Promise.all(sent);
      await until(() => messages.length === 70, "all messages");
      assert.deepEqual(
        messages.map(({ offset }) => offset),
        Array.from({ length: 70 }, (_, index) => index + 1),
      );
      assert.deepEqual(
        messages.filter(({ isOwn }) => isOwn).map(({ offset }) => offset),
        receipts.map(({ offset }) => offset),
      );
      joon.destroy();
      await client.close();
      await server.expectRest();
    });

    it("takes long texts and long pages of history", async (test) => {
      const server = await startWebChatServer(test, backend);
      const { client } = await enter(test, server, "mina");
      const text = "가".repeat(1300);
      for (let index = 0; index < 30; index++) await client.publish(LOBBY, `${index} ${text}`);
      const { messages, more } = await client.history(LOBBY, { limit: 200, after: 0 });
      assert.ok(messages.length > 1 && more, "as many as fit in a packet");
      assert.equal(messages[0]?.text, `0 ${text}`);
      await client.close();
      await server.expectRest();
    });

    it("comes back by its token and goes on without a gap when its connection is ended", async (test) => {
      const server = await startWebChatServer(test, backend);
      const { cut, client, states, messages } = await enter(test, server, "mina");
      const joon = await account(server.chat, "joon");
      await ok(joon.publish(LOBBY, "before"));
      await until(() => messages.length === 1, "the first message");
      cut();
      await until(() => client.state.name !== "online", "the end of the connection");
      const mine = client.publish(LOBBY, "mine");
      await ok(joon.publish(LOBBY, "meanwhile"));
      await mine;
      await until(() => messages.length === 3, "the rest");
      assert.deepEqual(
        messages.map(({ offset }) => offset),
        [1, 2, 3],
      );
      assert.deepEqual(messages.map(({ text }) => text).toSorted(), ["before", "meanwhile", "mine"]);
      assert.deepEqual(states.map(({ name }) => name).slice(0, 3), ["connecting", "online", "offline"]);
      joon.destroy();
    });

    it("is told why it is sent away, and stays away", async (test) => {
      const server = await startWebChatServer(test, backend);
      const root = await admin(server.chat, "root");
      const { client, states } = await enter(test, server, "mina");
      const action = AdminUserRequest_Action.BAN;
      await ok(root.request(PacketType.ADMIN_USER_REQUEST, { name: "mina", action, durationMs: 60_000 }));
      await until(() => client.state.name === "closed", "the end");
      const last = states.at(-1);
      assert.ok(last?.name === "closed");
      assert.equal(last.disconnectCode, "BANNED");
      root.destroy();
    });
  });
}
