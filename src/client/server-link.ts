import { DisconnectCode, ErrorCode, mayReconnect, PacketType } from "../protocol/codes.ts";
import {
  decodeServerPacket,
  type ServerPacket,
  UNDECODED,
  type UndecodedPacket,
} from "../protocol/packet-decoder.ts";
import { encodePacketBytes, PacketTooLargeError } from "../protocol/packet-encoder.ts";
import { PACKET_LIMIT_CEILING_BYTES } from "../protocol/packet-framer.ts";
import {
  type ClientPacketType,
  isRequest,
  type PacketBodies,
  type PacketInit,
  PACKETS,
  type RequestPacketType,
  type ResponsePacketType,
  responseTypeOf,
  type ResponseTypeOf,
  type ServerPacketType,
} from "../protocol/packets.ts";
import { ChatError, disconnectCodeName, errorCodeName } from "./chat-error.ts";
import type { ClientEnvironment, ClientTimer } from "./environment.ts";
import type {
  Transport,
  TransportConnection,
  TransportEnd,
  TransportEvents,
  TransportFailure,
} from "./transport.ts";

export type RequestFields<Type extends RequestPacketType> = Omit<PacketInit<Type>, "requestId">;
export type ResponseBody<Type extends RequestPacketType> = PacketBodies[ResponseTypeOf<Type>];

type ResponsePacket = Extract<ServerPacket, { readonly type: ResponsePacketType }>;

type NoticeType = Exclude<
  ServerPacketType,
  | ResponsePacketType
  | PacketType.HELLO
  | PacketType.PING
  | PacketType.PONG
  | PacketType.DISCONNECT
  | PacketType.ERROR_NOTICE
>;

/** What is told to the link's owner as it comes. */
export type Notice = Extract<ServerPacket, { readonly type: NoticeType }>;

/** Why a link ended. */
export interface LinkEnd {
  readonly why: string;
  /** What the server's Disconnect said; NONE when there was none. */
  readonly code: DisconnectCode;
  readonly retryAfterMs: number;
  readonly mayReconnect: boolean;
  /** Why there was no connection and there will be none. */
  readonly failure?: TransportFailure;
}

export interface LinkEvents {
  onHello(hello: PacketBodies[PacketType.HELLO]): void;
  onNotice(notice: Notice): void;
  onWarning(error: ChatError): void;
  /** Terminal, once. Every request has been answered, the open ones with CONNECTION_LOST. */
  onEnded(end: LinkEnd): void;
}

export interface LinkOptions {
  readonly transport: Transport;
  readonly environment: ClientEnvironment;
  readonly events: LinkEvents;
  /** Time to connect and to get the server's Hello. */
  readonly helloTimeoutMs: number;
}

interface OpenRequest {
  readonly type: RequestPacketType;
  readonly answer: (answer: ResponsePacket["body"] | ChatError) => void;
  readonly timer: ClientTimer;
}

/** Used when the server's Hello says 0. */
const DEFAULT_PING_INTERVAL_MS = 25_000;
const DEFAULT_PONG_TIMEOUT_MS = 8000;

/**
 * One connection to a server, from connect to end: matches responses with requests, answers pings, and
 * finds out when the server is gone without a word. Whoever wants another makes another link.
 */
export class ServerLink implements TransportEvents {
  readonly #environment: ClientEnvironment;
  readonly #events: LinkEvents;
  readonly #connection: TransportConnection;
  readonly #requests = new Map<number, OpenRequest>();
  #phase: "connecting" | "greeting" | "up" | "ending" | "ended" = "connecting";
  #nextRequestId = 1;
  #packetLimitBytes = PACKET_LIMIT_CEILING_BYTES;
  #timer: ClientTimer | undefined;
  #lastReceivedMs = 0;
  #quietMs = 0;
  #pongTimeoutMs = 0;
  #pingNonce = 0;
  /** Why the link ends, when that is known before the transport says so. */
  #end: LinkEnd | undefined;

  constructor(options: LinkOptions) {
    this.#environment = options.environment;
    this.#events = options.events;
    const { helloTimeoutMs } = options;
    this.#timer = this.#environment.startTimer(helloTimeoutMs, () => {
      this.fail(`no greeting from ${options.transport.address} within ${helloTimeoutMs} ms`);
    });
    this.#connection = options.transport.connect(this);
  }

  /**
   * Sends a request; `answer` is called once, later: with the response when its code is OK, else with a
   * ChatError: the server's, or TIMEOUT, CONNECTION_LOST, TEXT_INVALID (above the packet limit).
   */
  request<Type extends RequestPacketType>(
    type: Type,
    fields: RequestFields<Type>,
    timeoutMs: number,
    answer: (answer: ResponseBody<Type> | ChatError) => void,
  ): void {
    const requestId = this.#takeRequestId();
    const failure = this.#send(type, { ...fields, requestId });
    const timer = this.#environment.startTimer(failure === undefined ? timeoutMs : 0, () => {
      this.#answer(requestId, failure ?? new ChatError("TIMEOUT", `no answer within ${timeoutMs} ms`));
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- compared with the response's type before it is called
    this.#requests.set(requestId, { type, answer: answer as OpenRequest["answer"], timer });
  }

  /** Sends what has no answer. */
  tell<Type extends Exclude<ClientPacketType, RequestPacketType>>(type: Type, body: PacketInit<Type>): void {
    this.#send(type, body);
  }

  /** Logs out unless that is "none", sends what is queued and ends; `onEnded` follows. "forget": the token is revoked. */
  close(logout: "none" | "logout" | "forget"): void {
    if (this.#phase === "ending" || this.#phase === "ended") return;
    if (logout !== "none") {
      const requestId = this.#takeRequestId();
      this.#send(PacketType.LOGOUT_REQUEST, { requestId, forget: logout === "forget" });
    }
    const isOpen = this.#phase !== "connecting";
    this.#becomeEnding({
      why: "closed by this client",
      code: DisconnectCode.NONE,
      retryAfterMs: 0,
      mayReconnect: false,
    });
    if (isOpen) this.#connection.close();
    else this.#connection.abort();
  }

  /** Ends at once, for a reason that allows another attempt; `onEnded` follows. */
  fail(why: string, retryAfterMs = 0): void {
    if (this.#phase === "ending" || this.#phase === "ended") return;
    this.#becomeEnding({ why, code: DisconnectCode.NONE, retryAfterMs, mayReconnect: true });
    this.#connection.abort();
  }

  onOpen(): void {
    if (this.#phase === "connecting") this.#phase = "greeting";
  }

  onPacket(bytes: Uint8Array, start: number, end: number): void {
    if (this.#phase === "ending" || this.#phase === "ended") return;
    this.#lastReceivedMs = this.#environment.clock.monotonicMs();
    const packet = decodeServerPacket(bytes, start, end);
    switch (packet.type) {
      case PacketType.HELLO:
        if (this.#phase === "greeting") this.#onHello(packet.body);
        break;
      case PacketType.PING:
        this.#send(PacketType.PONG, { nonce: packet.body.nonce });
        break;
      case PacketType.PONG:
        break;
      case PacketType.DISCONNECT:
        this.#onDisconnect(packet.body);
        break;
      case PacketType.ERROR_NOTICE:
        this.#onErrorNotice(packet.body);
        break;
      case UNDECODED:
        this.#onUndecoded(packet);
        break;
      default:
        if (isResponse(packet)) this.#onResponse(packet);
        else this.#events.onNotice(packet);
    }
  }

  onClosed(why: string, { closeCode = DisconnectCode.NONE, failure }: TransportEnd = {}): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#timer?.cancel();
    // A reader that was too slow gets no Disconnect packet, but the code of the close.
    const isTold = closeCode >= 3000 && closeCode <= 3999;
    const code: DisconnectCode = isTold ? closeCode : DisconnectCode.NONE;
    const end = this.#end ?? {
      why,
      code,
      retryAfterMs: 0,
      mayReconnect: failure === undefined && mayReconnect(code),
      ...(failure === undefined ? {} : { failure }),
    };
    const lost = new ChatError("CONNECTION_LOST", end.why);
    for (const requestId of this.#requests.keys()) this.#answer(requestId, lost);
    this.#events.onEnded(end);
  }

  #takeRequestId(): number {
    const requestId = this.#nextRequestId;
    this.#nextRequestId = requestId === 0xffff_ffff ? 1 : requestId + 1;
    return requestId;
  }

  #becomeEnding(end: LinkEnd): void {
    this.#phase = "ending";
    this.#end = end;
    this.#timer?.cancel();
  }

  #onHello(hello: PacketBodies[PacketType.HELLO]): void {
    this.#phase = "up";
    this.#timer?.cancel();
    if (hello.packetLimitBytes > 0) {
      this.#packetLimitBytes = Math.min(hello.packetLimitBytes, PACKET_LIMIT_CEILING_BYTES);
    }
    this.#pongTimeoutMs = hello.pongTimeoutMs > 0 ? hello.pongTimeoutMs : DEFAULT_PONG_TIMEOUT_MS;
    const pingIntervalMs = hello.pingIntervalMs > 0 ? hello.pingIntervalMs : DEFAULT_PING_INTERVAL_MS;
    this.#quietMs = pingIntervalMs + this.#pongTimeoutMs;
    this.#watchSilence();
    this.#events.onHello(hello);
  }

  /**
   * A server pings a client that is silent, so a client that hears nothing for longer than that takes
   * has lost its server, or lives on a line that swallows packets. One ping of its own makes sure.
   */
  #watchSilence(): void {
    const quietForMs = this.#environment.clock.monotonicMs() - this.#lastReceivedMs;
    if (quietForMs < this.#quietMs) {
      this.#timer = this.#environment.startTimer(this.#quietMs - quietForMs, () => this.#watchSilence());
      return;
    }
    this.#pingNonce = (this.#pingNonce + 1) % 0x1_0000_0000;
    const heardBeforeMs = this.#lastReceivedMs;
    this.#send(PacketType.PING, { nonce: this.#pingNonce });
    this.#timer = this.#environment.startTimer(this.#pongTimeoutMs, () => {
      if (this.#lastReceivedMs > heardBeforeMs) this.#watchSilence();
      else
        this.fail(
          `the server has been silent for ${Math.round((this.#quietMs + this.#pongTimeoutMs) / 1000)} s`,
        );
    });
  }

  #onDisconnect(body: PacketBodies[PacketType.DISCONNECT]): void {
    const name = disconnectCodeName(body.code) ?? `code ${body.code}`;
    this.#becomeEnding({
      why: body.reason === "" ? name : `${name}: ${body.reason}`,
      code: body.code,
      retryAfterMs: body.retryAfterMs,
      mayReconnect: mayReconnect(body.code),
    });
    this.#connection.close();
  }

  #onResponse(packet: ResponsePacket): void {
    const request = this.#requests.get(packet.body.requestId);
    // The answer to a request that has timed out comes too late: it is nobody's.
    if (request === undefined) return;
    const { code, detail, retryAfterMs } = packet.body;
    if (packet.type !== responseTypeOf(request.type)) {
      this.#answer(
        packet.body.requestId,
        new ChatError("SERVER_ERROR", "the server answered with another packet"),
      );
    } else if (code === ErrorCode.OK) {
      this.#answer(packet.body.requestId, packet.body);
    } else {
      this.#answer(packet.body.requestId, new ChatError(errorCodeName(code), detail, { retryAfterMs }));
    }
  }

  #onErrorNotice(body: PacketBodies[PacketType.ERROR_NOTICE]): void {
    const error = new ChatError(errorCodeName(body.code), body.detail, { retryAfterMs: body.retryAfterMs });
    if (this.#requests.has(body.requestId)) this.#answer(body.requestId, error);
    else this.#events.onWarning(error);
  }

  #onUndecoded(packet: UndecodedPacket): void {
    // A later server may say things that this client does not know; they are not for it.
    if (packet.failure === "UNKNOWN_TYPE") return;
    const error = new ChatError("INVALID_PACKET", `from the server: ${packet.detail}`);
    if (this.#requests.has(packet.requestId)) this.#answer(packet.requestId, error);
    else this.#events.onWarning(error);
  }

  #answer(requestId: number, answer: ResponsePacket["body"] | ChatError): void {
    const request = this.#requests.get(requestId);
    if (request === undefined) return;
    this.#requests.delete(requestId);
    request.timer.cancel();
    request.answer(answer);
  }

  /** Undefined when it was sent; else why not. */
  #send<Type extends Parameters<typeof encodePacketBytes>[0]>(
    type: Type,
    body: PacketInit<Type>,
  ): ChatError | undefined {
    try {
      const packet = encodePacketBytes(type, body, this.#packetLimitBytes);
      return this.#connection.send(packet)
        ? undefined
        : new ChatError("CONNECTION_LOST", "the connection is closed");
    } catch (error) {
      if (!(error instanceof PacketTooLargeError)) throw error;
      return new ChatError("TEXT_INVALID", error.message, { cause: error });
    }
  }
}

const responseTypes: ReadonlySet<number> = new Set(
  PACKETS.flatMap(({ type }) => (isRequest(type) ? [responseTypeOf(type)] : [])),
);

function isResponse(packet: ResponsePacket | Notice): packet is ResponsePacket {
  return responseTypes.has(packet.type);
}
