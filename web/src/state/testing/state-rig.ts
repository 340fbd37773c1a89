import { ChatClient } from "../../../../src/client/chat-client.ts";
import { ChatStore } from "../chat-store.ts";
import type { MessageItem, TimelineItem } from "../contract.ts";
import { FakeHost, type FakeTextStore } from "./fake-host.ts";
import { PageServer } from "./page-server.ts";

/** A page's state, the browser and the server around it. */
export interface StateRig {
  readonly host: FakeHost;
  readonly server: PageServer;
  readonly store: ChatStore;
  /** Answers what is asked, and lets frames pass until nothing changes. */
  readonly settle: () => Promise<void>;
  /** "jun: hello" of the open place, "| day", "| unread", "| gap 3-5" between. */
  readonly lines: () => string[];
  readonly messages: () => MessageItem[];
  /** Breaks the connection and makes the next, which is greeted. */
  readonly reconnect: () => Promise<void>;
}

export interface RigOptions {
  readonly seed?: number;
  readonly lasting?: FakeTextStore;
  readonly server?: PageServer;
}

export function openRig({ seed = 1, lasting, server = new PageServer() }: RigOptions = {}): StateRig {
  const host = new FakeHost(seed, lasting);
  const store = new ChatStore({
    host,
    makeClient: () => new ChatClient({ transport: server.transport, environment: host.environment }),
  });
  // As the views do: a snapshot that nobody looks at is not made.
  for (const cell of Object.values(store.slices)) {
    cell.get();
    cell.subscribe(() => {});
  }
  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < 2;) {
      await server.settle();
      quiet = host.frame() ? 0 : quiet + 1;
    }
  };
  return {
    host,
    server,
    store,
    settle,
    lines: () => (store.slices.timeline.get()?.items ?? []).map(lineOf),
    messages: () =>
      (store.slices.timeline.get()?.items ?? []).flatMap((item) =>
        item.type === "message" ? [item.message] : [],
      ),
    reconnect: async () => {
      server.connection.end();
      const { retryAtMs } = store.slices.connection.get();
      const waitMs = Math.max(retryAtMs - host.environment.clock.wallMs(), 0) + 20_000;
      await settle();
      const count = server.transport.connections.length;
      while (server.transport.connections.length === count) host.environment.advance(Math.min(waitMs, 100));
      welcome(server);
      await settle();
    },
  };
}

/** Greets the client and lets it in as mina. */
export function welcome(server: PageServer, login: { isGuest?: boolean; lastOffset?: number } = {}): void {
  const { connection } = server;
  connection.greet();
  const lobby = server.room(1);
  const body = connection.acceptLoginOnly(
    { ...server.state(lobby), ...(login.lastOffset === undefined ? {} : { lastOffset: login.lastOffset }) },
    {
      user: { id: login.isGuest === true ? -7n : 7n, name: "mina", displayName: "Mina K." },
      ...(login.isGuest === true ? {} : { resumeToken: new Uint8Array(16).fill(0xab) }),
      lobbyRecovered: false,
    },
  );
  server.asked.push({ type: "LOGIN_REQUEST", body: { ...body } });
}

/** A rig whose user is signed in, in the lobby. */
export async function openSignedIn(options: RigOptions = {}): Promise<StateRig> {
  const rig = openRig(options);
  const done = rig.store.actions.login({ name: "mina", password: "correct horse", remember: true });
  welcome(rig.server);
  await done;
  await rig.settle();
  rig.store.actions.openPlace(rig.store.slices.sideList.get().rooms[0]?.key);
  await rig.settle();
  return rig;
}

function lineOf(item: TimelineItem): string {
  switch (item.type) {
    case "message": {
      const { sender, text, state, deleted, edited } = item.message;
      const marks = `${edited ? " (edited)" : ""}${state === "sent" ? "" : ` (${state})`}`;
      return `${sender}: ${deleted ? "(deleted)" : text}${marks}`;
    }
    case "gap":
      return `| gap ${item.fromOffset}-${item.toOffset}`;
    case "day":
    case "unread":
      return `| ${item.type}`;
  }
}
