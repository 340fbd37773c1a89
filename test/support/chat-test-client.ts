import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { SocketAddress } from "../../src/engine/index.ts";
import { DisconnectCode, ErrorCode, PacketType } from "../../src/protocol/codes.ts";
import { decodeServerPacket, type ServerPacket } from "../../src/protocol/packet-decoder.ts";
import { encodePacketBytes } from "../../src/protocol/packet-encoder.ts";
import { readPacketSize } from "../../src/protocol/packet-framer.ts";
import {
  type ClientPacketType,
  type PacketBodies,
  type PacketInit,
  type RequestPacketType,
  type ResponseTypeOf,
  responseTypeOf,
  type ServerPacketType,
} from "../../src/protocol/packets.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";

/** How long a test waits for what must come; generous, because machines are shared. */
export const DEADLINE_MS = 20_000;
const LOOK_MS = 5;

type Body<Type extends ServerPacketType> = PacketBodies[Type];
type BodyWithId = { readonly requestId: number };

/** A bare client for tests: says exactly what it is told to, and keeps what it hears. */
export class ChatTestClient {
  /** Everything heard and not taken yet, in order. */
  readonly inbox: ServerPacket[] = [];
  /** Resolves when the server has ended the connection, however it did. */
  readonly ended: Promise<void>;
  /** The lobby's room id, once logged in. */
  lobbyId = 0;
  answersPings = true;
  readonly #socket: Duplex;
  #rest: Uint8Array = new Uint8Array(0);
  #waiters: (() => void)[] = [];
  #isEnded = false;
  #lastRequestId = 0;

  private constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#onData(bytes));
    socket.on("error", () => undefined); // "close" follows
    this.ended = new Promise((resolve) => {
      socket.once("close", () => {
        this.#isEnded = true;
        this.#wake();
        resolve();
      });
    });
  }

  /**
   * Connects and takes the Hello; `hello: false` leaves it in the inbox, for connections that get none.
   * `from`: another of this machine's own addresses.
   */
  static async connect(
    address: SocketAddress,
    { hello = true, from = "127.0.0.1" } = {},
  ): Promise<ChatTestClient> {
    const { host, port } = address;
    const socket = connect({ host, port, noDelay: true, localAddress: from });
    const client = new ChatTestClient(socket);
    await once(socket, "connect");
    if (hello) await client.take(PacketType.HELLO);
    return client;
  }

  /** A client over a connection that was made already, and has said Hello if it will. */
  static over(stream: Duplex): ChatTestClient {
    return new ChatTestClient(stream);
  }

  /** A connected client that is logged in as a guest. */
  static async guest(address: SocketAddress, name: string): Promise<ChatTestClient> {
    const client = await ChatTestClient.connect(address);
    const answer = await client.loginGuest(name);
    if (answer.code !== ErrorCode.OK) throw new Error(`${name} cannot log in: ${ErrorCode[answer.code]}`);
    return client;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** A fresh request id. */
  nextId(): number {
    return ++this.#lastRequestId;
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  send<Type extends ClientPacketType>(type: Type, body: PacketInit<Type>): void {
    this.sendBytes(encodePacketBytes(type, body, 65_535));
  }

  /** Stops reading, so that the server's bytes pile up. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads on after `pause`. */
  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** The next packet of a type that was not taken yet, and where wanted fits; waits for it. */
  async take<Type extends ServerPacketType>(
    type: Type,
    fits: (body: Body<Type>) => boolean = () => true,
  ): Promise<Body<Type>> {
    const found = (): Body<Type> | undefined => {
      const index = this.inbox.findIndex((packet) => packet.type === type && fits(packet.body as Body<Type>));
      if (index < 0) return undefined;
      return (this.inbox.splice(index, 1)[0] as unknown as { body: Body<Type> }).body;
    };
    return this.#wait(found, () => PacketType[type]);
  }

  /** Sends a request and waits for the response with its id. */
  async ask<Request extends ClientPacketType, Response extends ServerPacketType>(
    type: Request,
    body: Omit<PacketInit<Request>, "requestId">,
    response: Response,
  ): Promise<Body<Response>> {
    const requestId = this.nextId();
    this.send(type, { ...body, requestId });
    return this.take(response, (answer) => (answer as unknown as BodyWithId).requestId === requestId);
  }

  /** As `ask`; which response it is follows from the request. */
  request<Type extends RequestPacketType>(
    type: Type,
    body: Omit<PacketInit<Type>, "requestId">,
  ): Promise<PacketBodies[ResponseTypeOf<Type>]> {
    const requestId = this.nextId();
    this.sendBytes(encodePacketBytes(type, { ...body, requestId }, 65_535));
    const response = responseTypeOf(type) as ServerPacketType;
    const isIts = (answer: object): boolean => (answer as BodyWithId).requestId === requestId;
    return this.take(response, isIts) as Promise<unknown> as Promise<PacketBodies[ResponseTypeOf<Type>]>;
  }

  /** Everything of a type that was heard and not taken. */
  heard<Type extends ServerPacketType>(type: Type): Body<Type>[] {
    return this.inbox.flatMap((packet) =>
      packet.type === type ? [(packet as unknown as { body: Body<Type> }).body] : [],
    );
  }

  /**
   * Resolves when what the hub has said to this session so far is in the inbox. So what is not there
   * then was not said.
   */
  async sync(): Promise<void> {
    await this.request(PacketType.USER_LIST_REQUEST, { roomId: this.lobbyId, limit: 1 });
  }

  register(name: string, password: string) {
    return this.ask(PacketType.REGISTER_REQUEST, { name, password }, PacketType.REGISTER_RESPONSE);
  }

  login(name: string, password: string) {
    return this.logIn({ name, credential: { case: "password", value: password } });
  }

  loginGuest(name: string, guestKey = guestKeyOf(name)) {
    return this.logIn({ name, credential: { case: "guestKey", value: guestKey } });
  }

  /** A login of any kind. */
  async logIn(fields: Omit<PacketInit<PacketType.LOGIN_REQUEST>, "requestId" | "protocolVersion">) {
    const answer = await this.request(PacketType.LOGIN_REQUEST, {
      protocolVersion: PROTOCOL_VERSION,
      ...fields,
    });
    this.lobbyId = answer.lobby?.roomId ?? this.lobbyId;
    return answer;
  }

  publish(roomId: number, text: string, clientMessageId = `id-${this.nextId()}`) {
    return this.ask(
      PacketType.PUBLISH_REQUEST,
      { roomId, clientMessageId, text },
      PacketType.PUBLISH_RESPONSE,
    );
  }

  whisper(to: string, text: string) {
    const clientMessageId = `id-${this.nextId()}`;
    return this.ask(PacketType.WHISPER_REQUEST, { to, clientMessageId, text }, PacketType.WHISPER_RESPONSE);
  }

  /** The code with which the server ends the connection; waits until it is closed. */
  async disconnectCode(): Promise<keyof typeof DisconnectCode> {
    const { code } = await this.take(PacketType.DISCONNECT);
    await this.ended;
    return DisconnectCode[code] as keyof typeof DisconnectCode;
  }

  async #wait<Found>(look: () => Found | undefined, what: () => string): Promise<Found> {
    let isLate = false;
    const timer = globalThis.setTimeout(() => {
      isLate = true;
      this.#wake();
    }, DEADLINE_MS);
    try {
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        if (this.#isEnded || isLate) {
          const heard = this.inbox
            .map((packet) => PacketType[packet.type])
            .slice(0, 20)
            .join(", ");
          throw new Error(
            `${what()} did not come (${isLate ? "too late" : "connection ended"}; heard: ${heard})`,
          );
        }
        await new Promise<void>((resolve) => {
          this.#waiters.push(resolve);
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #onData(bytes: Uint8Array): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (all.length - at >= 2) {
      const size = readPacketSize(all, at);
      if (size < 4) throw new Error(`the server sent a packet of size ${size}`);
      if (all.length - at < size) break;
      const packet = decodeServerPacket(all, at, at + size);
      at += size;
      if (packet.type === PacketType.PING && this.answersPings)
        this.send(PacketType.PONG, { nonce: packet.body.nonce });
      this.inbox.push(packet);
    }
    this.#rest = all.slice(at);
    this.#wake();
  }
}

/** Waits until `isSo`, looking again and again: for what happens where no packet tells of it. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += LOOK_MS) {
    if (waitedMs > DEADLINE_MS) throw new Error(`${what}: did not happen`);
    await setTimeout(LOOK_MS);
  }
}

/** A guest's key that is always the same for a name. */
export function guestKeyOf(name: string): Uint8Array {
  return new TextEncoder().encode(`key of ${name}`.padEnd(24, ".")).slice(0, 64);
}
