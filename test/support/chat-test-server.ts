import type { TestContext } from "node:test";
import { type ChatServer, type ChatServerOptions, startChatServer } from "../../src/chat/chat-server.ts";
import type { PasswordHasher } from "../../src/chat/gate/password.ts";
import { MemoryStore } from "../../src/chat/store/memory-store.ts";
import type { Logger } from "../../src/base/logger.ts";
import { socketAddress } from "../../src/engine/index.ts";
import { type TestBackend, testBackends } from "./test-ports.ts";

export { type TestBackend, testBackends };

/** Answers at once and counts; for tests that are not about passwords. */
export class FakeHasher implements PasswordHasher {
  absentCount = 0;

  hash(password: string): Promise<string> {
    return Promise.resolve(`hash of ${password}`);
  }

  verify(password: string, phc: string): Promise<boolean> {
    return Promise.resolve(phc === `hash of ${password}`);
  }

  verifyAbsent(): Promise<false> {
    this.absentCount++;
    return Promise.resolve(false);
  }
}

/** Keeps what was logged. */
export class LogKeeper implements Logger {
  readonly lines: {
    readonly level: string;
    readonly fields: Record<string, unknown>;
    readonly message: string;
  }[] = [];
  readonly debug = this.#keep("debug");
  readonly info = this.#keep("info");
  readonly warn = this.#keep("warn");
  readonly error = this.#keep("error");

  /** Lines of a message, `kind` among their fields where given. */
  of(message: string, kind?: string) {
    return this.lines.filter(
      (line) => line.message === message && (kind === undefined || line.fields.kind === kind),
    );
  }

  #keep(level: string) {
    return (fields: object, message: string): void => {
      this.lines.push({ level, fields: { ...fields }, message });
    };
  }
}

const unlimited = {
  packetsPerSecond: 0,
  loginsPerMinutePerAddress: 0,
  registrationsPerHourPerAddress: 0,
  fanOutBytesPerSecondPerUser: 0,
  fanOutBytesPerSecondPerAddress: 0,
};

/** A server for one test, on a port that the kernel chooses, stopped when the test ends. */
export async function startTestServer(
  test: TestContext,
  backend: TestBackend,
  options: Omit<ChatServerOptions, "packets"> = {},
): Promise<ChatServer> {
  const server = await startChatServer({
    packets: { address: socketAddress("127.0.0.1", 0) },
    engine: { backend },
    store: new MemoryStore(),
    hasher: new FakeHasher(),
    ...options,
    data: { maintenanceMs: 1000, ...options.data },
    limits: { connectionsPerAddress: 0, ...options.limits },
    login: { guests: true, ...options.login },
    rates: { ...unlimited, ...options.rates },
  });
  test.after(() => server.stop(1000));
  return server;
}
