import { ChatError, type ChatErrorCode } from "../../../client/index.ts";
import type { ChatPort, PortEvent, PortEventType, RoomInfo, RoomMessage } from "../chat-port.ts";

/** All times are told at one moment. */
export const NOW_MS = 1_700_000_000_000;

export const LOBBY: RoomInfo = {
  roomId: 1,
  name: "lobby",
  kind: "logged",
  epoch: "e1",
  firstOffset: 1,
  lastOffset: 10,
  memberCount: 2,
  access: "public",
  topic: "",
  isArchived: false,
  slowModeMs: 0,
  slowReader: "disconnect",
  retentionAgeMs: 0,
  retentionCount: 0,
  role: "member",
};

export function said(
  offset: number,
  sender: string,
  text: string,
  more: Partial<RoomMessage> = {},
): RoomMessage {
  return {
    roomId: 1,
    room: "lobby",
    offset,
    timeMs: NOW_MS,
    sender,
    text,
    kind: "text",
    target: 0,
    replyTo: 0,
    editedMs: 0,
    isDeleted: false,
    reactions: [],
    asOf: offset,
    mentionsMe: false,
    ...more,
  };
}

type Answer = (...args: readonly unknown[]) => unknown;
type Listener = (event: PortEvent) => void;

/** A client whose requests are written down, and answered as the test says; by default with nothing found. */
export class FakePort {
  readonly port: ChatPort;
  /** "publish 1,hello,{}": the requests, oldest first. */
  readonly calls: string[] = [];
  readonly rooms: RoomInfo[] = [LOBBY];
  state: ChatPort["state"] = { name: "online", user: "mina", server: "test:9000" };
  pendingCount = 0;
  readonly #answers = new Map<string, Answer>();
  readonly #listeners = new Map<PortEventType, Set<Listener>>();

  constructor() {
    const known: Readonly<Record<string, () => unknown>> = {
      state: () => this.state,
      rooms: () => this.rooms,
      pendingCount: () => this.pendingCount,
      on: () => (type: PortEventType, listener: Listener) => this.#on(type, listener),
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every request is answered by `#ask`
    this.port = new Proxy({} as ChatPort, {
      get: (_target, name) => {
        const key = String(name);
        if (Object.hasOwn(known, key)) return known[key]?.();
        return (...args: readonly unknown[]) => this.#ask(key, args);
      },
    });
  }

  /** What the request is answered with from now on. */
  answer(name: keyof ChatPort, answer: Answer): void {
    this.#answers.set(name, answer);
  }

  refuse(name: keyof ChatPort, code: ChatErrorCode, detail: string, retryAfterMs = 0): void {
    this.answer(name, () => {
      throw new ChatError(code, detail, { retryAfterMs });
    });
  }

  tell(event: PortEvent): void {
    for (const listener of this.#listeners.get(event.type) ?? []) listener(event);
  }

  tellMessage(message: RoomMessage, isOwn = false): void {
    this.tell({ type: "message", isOwn, isMissed: false, ...message });
  }

  tellWhisper(peer: string, message: RoomMessage, isOwn = false): void {
    const [from, to] = isOwn ? ["mina", peer] : [peer, "mina"];
    this.tell({ type: "whisper", peer, from, to, isOwn, isMissed: false, ...message, roomId: 9, room: peer });
  }

  #on(type: PortEventType, listener: Listener): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  async #ask(name: string, args: readonly unknown[]): Promise<unknown> {
    this.calls.push(
      [name, args.map((arg) => (typeof arg === "string" ? arg : JSON.stringify(arg)))].join(" "),
    );
    const answer = this.#answers.get(name) ?? defaults[name];
    return answer?.(...args);
  }
}

const defaults: Readonly<Record<string, Answer>> = {
  history: () => ({ messages: [], more: true }),
  search: () => ({ messages: [], more: false }),
  publish: () => ({ roomId: 1, offset: 100, timeMs: NOW_MS }),
  whisper: () => ({ roomId: 9, offset: 100, timeMs: NOW_MS }),
  listRooms: () => ({ rooms: [], more: false }),
  listUsers: () => ({ names: [], total: 0, more: false }),
  members: () => ({ members: [], total: 0, more: false }),
  joinRoom: (name) => ({ ...LOBBY, roomId: 5, name }),
  createRoom: (name) => ({ ...LOBBY, roomId: 6, name, role: "owner" }),
  updateRoom: (_roomId, change) => ({ ...LOBBY, ...(typeof change === "object" ? change : {}) }),
  sanctions: () => ({ sanctions: [], more: false }),
  adminSanctions: () => ({ sanctions: [], more: false }),
  adminAudit: () => ({ entries: [], more: false }),
  adminInvitation: () => ({ invitationCode: "c0de", expiresMs: NOW_MS }),
  tokens: () => [],
  blocks: () => [],
  revokeToken: () => 1,
};
