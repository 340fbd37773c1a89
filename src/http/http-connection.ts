import type { IncomingMessage, ServerResponse } from "node:http";
import { plainResponse } from "./plain-response.ts";
import type { SessionStream } from "./session-stream.ts";

/** What an HttpService knows of one connection beside its stream: what is being answered on it, and how it ends. */
export class HttpConnection {
  readonly stream: SessionStream;
  /** Whether the peer is a trusted proxy, whose X-Forwarded-For is believed. */
  readonly isFromProxy: boolean;
  readonly #requestLimit: number;
  #requestCount = 0;
  readonly #responses = new Set<ServerResponse>();
  #lastRequest: IncomingMessage | undefined;
  #lastResponse: ServerResponse | undefined;
  /** Sent when the last response is out, then the connection is closed. */
  #farewell: Uint8Array | undefined;
  #isEnding = false;

  constructor(stream: SessionStream, isFromProxy: boolean, requestLimit: number) {
    this.stream = stream;
    this.isFromProxy = isFromProxy;
    this.#requestLimit = requestLimit;
  }

  /** Responses that are not out yet. */
  get responseCount(): number {
    return this.#responses.size;
  }

  onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.#lastRequest = request;
    this.#lastResponse = response;
    this.#responses.add(response);
    this.#requestCount++;
    if (this.#isEnding || this.#requestCount >= this.#requestLimit) response.shouldKeepAlive = false;
    response.once("close", () => {
      this.#responses.delete(response);
      if (this.#responses.size === 0) this.#onIdle();
    });
  }

  /**
   * The client sent what is no request, or took too long. What it asked before is answered first: the
   * refusal must not be taken for that answer. Only the first call counts.
   */
  refuse(status: number, text: string): void {
    if (this.#farewell !== undefined || this.stream.writableEnded) return;
    this.#farewell = plainResponse(status, text);
    const isInBody = this.#lastRequest?.complete === false;
    if (this.#responses.size === 0) this.#sayFarewell();
    else if (!isInBody) this.stream.pause();
    // The request itself is broken. Its response must not have begun, and must be the next that is due.
    else if (this.#responses.size === 1 && this.#lastResponse?.headersSent === false) this.#sayFarewell();
    else this.stream.destroy();
  }

  /** Answers what is under way, and closes. */
  endWhenIdle(): void {
    this.#isEnding = true;
    for (const response of this.#responses) if (!response.headersSent) response.shouldKeepAlive = false;
    if (this.#responses.size === 0) this.#onIdle();
  }

  #onIdle(): void {
    if (this.#farewell !== undefined) this.#sayFarewell();
    else if (this.#isEnding && !this.stream.writableEnded) this.stream.end();
  }

  #sayFarewell(): void {
    const { stream } = this;
    if (stream.destroyed || stream.writableEnded) return;
    // Node's parser is of no use any more. The engine goes on to discard what the client still sends, so
    // that no reset overtakes the answer.
    stream.end(this.#farewell, () => stream.destroy());
  }
}
