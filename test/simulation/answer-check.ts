import { ErrorCode, type ErrorCodeName, PacketType } from "../../src/protocol/codes.ts";
import { isRequest, type RequestPacketType } from "../../src/protocol/packets.ts";
import type { ClientPacket, ServerPacket } from "../../src/protocol/packet-decoder.ts";
import type { Breach } from "./wiretap.ts";

/** How often a command was done, and refused by its own codes. */
export interface AnswerCount {
  done: number;
  refused: number;
}

/** Of every command; over all users. */
export type AnswerCounts = Map<RequestPacketType, AnswerCount>;

/** Which codes docs/PROTOCOL.md lists for a command's answer. */
export type DocumentedCodes = (type: RequestPacketType) => readonly ErrorCodeName[];

/** Told a connection's requests with their answers. `begunAt`: what `onRequest` returned. */
export interface AnswerObserver {
  onRequest(packet: ClientPacket): number;
  onAnswer(request: ClientPacket, answer: ServerPacket, code: ErrorCode, begunAt: number): void;
  onServerBytes(bytes: Uint8Array): void;
}

export interface AnswerCheckOptions {
  readonly counts: AnswerCounts;
  readonly codes: DocumentedCodes;
  readonly observer?: AnswerObserver | undefined;
}

/** What any request may be answered with. */
const COMMON: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.OK,
  ErrorCode.INVALID_PACKET,
  ErrorCode.NOT_LOGGED_IN,
  ErrorCode.RATE_LIMITED,
  ErrorCode.BUSY,
  ErrorCode.SERVER_ERROR,
]);

/** Rule 9 on one connection: each request has one answer, with a code that is documented for it. */
export class AnswerCheck {
  readonly #who: string;
  readonly #breach: Breach;
  readonly #options: AnswerCheckOptions;
  readonly #open = new Map<number, { readonly packet: ClientPacket; readonly begunAt: number }>();

  constructor(who: string, breach: Breach, options: AnswerCheckOptions) {
    this.#who = who;
    this.#breach = breach;
    this.#options = options;
  }

  onClientPacket(packet: ClientPacket): void {
    if (packet.type === PacketType.UNSPECIFIED || !isRequest(packet.type)) return;
    const begunAt = this.#options.observer?.onRequest(packet) ?? 0;
    this.#open.set(requestIdOf(packet.body), { packet, begunAt });
  }

  onServerPacket(packet: ServerPacket, bytes: Uint8Array): void {
    this.#options.observer?.onServerBytes(bytes);
    if (packet.type === PacketType.ERROR_NOTICE) {
      this.#breach(9, `${this.#who} was told ${ErrorCode[packet.body.code]}: ${packet.body.detail}`);
      return;
    }
    if (packet.type === PacketType.UNSPECIFIED || !PacketType[packet.type].endsWith("_RESPONSE")) return;
    const { requestId, code } = packet.body as { readonly requestId: number; readonly code: ErrorCode };
    const open = this.#open.get(requestId);
    this.#open.delete(requestId);
    const request = open?.packet.type ?? PacketType.UNSPECIFIED;
    if (open === undefined || !isAnsweredBy(request, packet.type)) {
      this.#breach(9, `${this.#who} got an answer (${PacketType[packet.type]}) to no request`);
      return;
    }
    this.#count(request, code);
    this.#options.observer?.onAnswer(open.packet, packet, code, open.begunAt);
  }

  #count(type: number, code: ErrorCode): void {
    const request = type as RequestPacketType;
    const count = this.#options.counts.get(request) ?? { done: 0, refused: 0 };
    this.#options.counts.set(request, count);
    if (code === ErrorCode.OK) count.done += 1;
    else if (!COMMON.has(code) || code === ErrorCode.INVALID_PACKET) count.refused += 1;
    const name = ErrorCode[code] as ErrorCodeName;
    if (COMMON.has(code) || this.#options.codes(request).includes(name)) return;
    this.#breach(9, `${this.#who}'s ${PacketType[type]} was answered with ${name}, which is not documented`);
  }
}

function isAnsweredBy(request: number, answer: number): boolean {
  return answer === request + 1;
}

function requestIdOf(body: object): number {
  return "requestId" in body ? Number(body.requestId) : 0;
}
