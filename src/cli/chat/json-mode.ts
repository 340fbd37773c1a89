import { z } from "zod";
import { nearestName } from "../../base/nearest-name.ts";
import { ChatError } from "../../client/index.ts";
import { nameKey } from "../../protocol/names.ts";
import { type ChatPort, portEventTypes } from "./chat-port.ts";
import { idSchema, jsonRequests, type JsonContext, UnknownRoom } from "./json-requests.ts";

/** UTF-16 units of a line of input at most. */
export const JSON_LINE_LIMIT = 1_000_000;

export interface JsonModeOptions {
  readonly port: ChatPort;
  /** One line to stdout. */
  readonly print: (line: string) => void;
}

type Id = z.infer<typeof idSchema>;

/**
 * Scripts talk to a chat server: a line of input is a request, a line of output an event or an answer,
 * each one JSON object. Answers come as they are there, not in the order of the requests.
 */
export class JsonMode {
  readonly #port: ChatPort;
  readonly #print: (line: string) => void;
  readonly #unlisten: (() => void)[] = [];
  readonly #running = new Set<Promise<void>>();
  #roomsChanging: Promise<void> | undefined;
  #user = "";
  #refusedCount = 0;
  #mistakeCount = 0;

  constructor({ port, print }: JsonModeOptions) {
    this.#port = port;
    this.#print = print;
    for (const type of portEventTypes) {
      this.#unlisten.push(port.on(type, ({ type: event, ...rest }) => this.#tell({ event, ...rest })));
    }
  }

  /** Requests that were refused, by the server or because there was no connection. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Lines that were no requests. */
  get mistakeCount(): number {
    return this.#mistakeCount;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  enter(user: string): void {
    this.#user = user;
    this.#tell({ event: "ready", user, rooms: this.#port.rooms });
  }

  /** Something that keeps the client from going on. */
  fail(code: string, detail: string): void {
    this.#tell({ event: "error", code, detail });
  }

  /** Begins what the line asks for. What changes the rooms is done before the lines after it are looked at. */
  onLine(line: string): void {
    if (line.trim() === "") return;
    const run = (): Promise<void> => this.#take(line);
    const running: Promise<void> = (this.#roomsChanging?.then(run) ?? run()).finally(() =>
      this.#running.delete(running),
    );
    this.#running.add(running);
    if (!changesRooms(line)) return;
    this.#roomsChanging = running;
    // Not before the lines that wait for it have begun.
    void running.then(nextTurn).then(() => {
      if (this.#roomsChanging === running) this.#roomsChanging = undefined;
    });
  }

  /** Resolves when one of the requests under way has been answered. */
  async oneAnswered(): Promise<void> {
    if (this.#running.size > 0) await Promise.race(this.#running);
  }

  /** Resolves when every request has been answered. */
  async allAnswered(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  close(): void {
    for (const unlisten of this.#unlisten.splice(0)) unlisten();
  }

  async #take(line: string): Promise<void> {
    const parsed = parseLine(line);
    if (typeof parsed === "string") {
      this.#mistake(undefined, parsed);
      return;
    }
    const id = idSchema.safeParse(parsed.id).data;
    const name = typeof parsed.do === "string" ? parsed.do : "";
    const known = Object.hasOwn(jsonRequests, name) ? jsonRequests[name] : undefined;
    if (known === undefined) {
      const nearest = nearestName(name, Object.keys(jsonRequests));
      const hint = nearest === undefined || name === "" ? "" : `; did you mean ${nearest}?`;
      this.#mistake(id, `"do" is no request: ${JSON.stringify(parsed.do ?? null)}${hint}`);
      return;
    }
    const fields = known.fields.safeParse(parsed);
    if (!fields.success) {
      const [issue] = fields.error.issues;
      const where = issue === undefined || issue.path.length === 0 ? name : `${name}.${issue.path.join(".")}`;
      this.#mistake(id, `${where}: ${issue?.message ?? "it makes no sense"}`);
      return;
    }
    try {
      const result = await known.run(fields.data, this.#context());
      this.#answer(id, { ok: true, ...result });
    } catch (error) {
      if (error instanceof UnknownRoom) {
        this.#refuse(id, "NOT_A_MEMBER", error.message, 0);
      } else if (error instanceof ChatError) {
        this.#refuse(id, error.code, error.message, error.retryAfterMs);
      } else throw error;
    }
  }

  #context(): JsonContext {
    return {
      port: this.#port,
      user: this.#user,
      roomId: (room) => {
        if (typeof room === "number") return room;
        const key = nameKey(room);
        const found = this.#port.rooms.find(({ name }) => nameKey(name) === key);
        if (found === undefined) throw new UnknownRoom(`this client is in no room ${room}`);
        return found.roomId;
      },
    };
  }

  #mistake(id: Id | undefined, detail: string): void {
    this.#mistakeCount++;
    this.#answer(id, { ok: false, error: { code: "INVALID_REQUEST", detail } });
  }

  #refuse(id: Id | undefined, code: string, detail: string, retryAfterMs: number): void {
    this.#refusedCount++;
    this.#answer(id, { ok: false, error: { code, detail, ...(retryAfterMs > 0 ? { retryAfterMs } : {}) } });
  }

  #answer(id: Id | undefined, answer: object): void {
    this.#tell({ event: "answer", ...(id === undefined ? {} : { id }), ...answer });
  }

  #tell(event: object): void {
    this.#print(JSON.stringify(event, (_key, value: unknown) => plainValue(value)));
  }
}

const CHANGE_ROOMS = new Set<unknown>(["join", "create", "leave", "update", "deleteRoom"]);

function changesRooms(line: string): boolean {
  const parsed = parseLine(line);
  return typeof parsed !== "string" && CHANGE_ROOMS.has(parsed.do);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** What JSON does not know: errors as their code and detail. */
function plainValue(value: unknown): unknown {
  if (value instanceof ChatError) {
    const { code, message, retryAfterMs } = value;
    return { code, detail: message, ...(retryAfterMs > 0 ? { retryAfterMs } : {}) };
  }
  return value;
}

/** The object that the line is, or what is wrong with it. */
function parseLine(line: string): Readonly<Record<string, unknown>> | string {
  if (line.length > JSON_LINE_LIMIT) return `the line is longer than ${JSON_LINE_LIMIT} characters`;
  try {
    const parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : "the line is no JSON object";
  } catch {
    return "the line is no JSON";
  }
}
