import { realClock } from "../base/clock.ts";
import { silentLogger } from "../base/logger.ts";
import { realRandom } from "../base/random.ts";
import { InProcessBus } from "../chat/bus/in-process-bus.ts";
import { Argon2PasswordHasher } from "../chat/gate/password.ts";
import { HubService } from "../chat/hub/hub-service.ts";
import { openSqliteStore } from "../chat/store/sqlite/sqlite-store.ts";
import { type PinnedAnswer, type PinnedRequest, requestPinned } from "../engine/index.ts";
import { nameKey } from "../protocol/names.ts";
import { AdminConsole } from "./admin-console.ts";
import { AdminError, type AdminOperationName, runAdminOperation } from "./admin-operations.ts";
import { CONTROL_PATH } from "./control-endpoint.ts";
import { type Control, readControlFile } from "./control-file.ts";

/** The longest operation is a backup of everything. */
const OPERATION_TIMEOUT_MS = 3_600_000;

/** Runs the operations of admin-operations.ts, wherever the data is in use. */
export interface AdminAccess {
  /** "the running server" or "the data directory": for messages. */
  readonly where: "server" | "directory";
  /** Rejects with an error whose `code` and message say what is wrong. */
  run(name: AdminOperationName, args: object): Promise<unknown>;
  close(): Promise<void>;
}

/** An operation that the running server refused. */
export class ControlError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "ControlError";
    this.code = code;
  }
}

/**
 * Reaches the server that runs on a data directory; when none does, opens the data itself. Rejects with
 * StoreError (STORE_LOCKED when a server has it that cannot be reached).
 */
export async function openAdminAccess(directory: string): Promise<AdminAccess> {
  const control = readControlFile(directory);
  if (control !== undefined && (await isAlive(control))) return new ServerAccess(control);
  return openDirectory(directory);
}

async function isAlive(control: Control): Promise<boolean> {
  try {
    const { status } = await ask(control, "/livez", { method: "GET", timeoutMs: 2000 });
    return status === 200;
  } catch {
    return false;
  }
}

/** Over https the server is known by its certificate's fingerprint, which only its owner can have written. */
async function ask(
  { url, fingerprint }: Control,
  path: string,
  options: PinnedRequest,
): Promise<PinnedAnswer> {
  const target = new URL(path, url);
  if (fingerprint !== undefined) return requestPinned(target, fingerprint, options);
  const { method, headers = {}, body = null, timeoutMs = OPERATION_TIMEOUT_MS } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  const answer = await fetch(target, { method, headers, body, signal });
  return { status: answer.status, text: await answer.text() };
}

class ServerAccess implements AdminAccess {
  readonly where = "server";
  readonly #control: Control;

  constructor(control: Control) {
    this.#control = control;
  }

  async run(name: AdminOperationName, args: object): Promise<unknown> {
    const { url, token } = this.#control;
    const { text } = await ask(this.#control, CONTROL_PATH, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ do: name, args }),
      timeoutMs: OPERATION_TIMEOUT_MS,
    });
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null || !("ok" in body)) {
      throw new ControlError("PROTOCOL", `${url} does not answer as a Portico server`);
    }
    if (body.ok === true) return "result" in body ? body.result : undefined;
    const code = "code" in body ? String(body.code) : "FAILED";
    throw new ControlError(code, "error" in body ? String(body.error) : code);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** No server runs: a hub without clients does the work, so that the same rules and the audit log hold. */
async function openDirectory(directory: string): Promise<AdminAccess> {
  const random = realRandom;
  const clock = realClock;
  const store = await openSqliteStore({ directory, random });
  const bus = new InProcessBus((task) => void setImmediate(task));
  const hub = new HubService({
    hub: { bootEpoch: "console", normalizeName: nameKey },
    bus,
    store,
    clock,
    log: silentLogger,
    startTimer: (delayMs, onExpired) => {
      const timer = setTimeout(onExpired, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
  });
  try {
    await hub.start();
  } catch (error) {
    await store.close();
    throw error;
  }
  const console = new AdminConsole(bus);
  const context = { console, store, hasher: new Argon2PasswordHasher({ random }), clock, random };
  return {
    where: "directory",
    run: (name, args) => {
      if (name === "user.act" && "action" in args && args.action === "kick") {
        return Promise.reject(new AdminError("ADMIN_FAILED", "no server runs: nobody is connected"));
      }
      return runAdminOperation(context, name, args);
    },
    close: async () => {
      console.close();
      await hub.stop();
      await store.close();
    },
  };
}
