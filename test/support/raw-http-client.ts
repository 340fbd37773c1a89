import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { SocketAddress } from "../../src/engine/index.ts";

/** A test that waits longer than this for an answer will never get it. */
const DEADLINE_MS = 20_000;

/** One response as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** An HTTP client that sends what it is told, right or wrong, and reads what comes. */
export class RawHttpClient {
  readonly socket: Socket;
  #received = "";
  #isEnded = false;
  #isClosed = false;
  #error: Error | undefined;
  #onChange: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.#received += text;
      this.#onChange();
    });
    socket.on("end", () => {
      this.#isEnded = true;
      this.#onChange();
    });
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("close", () => {
      this.#isClosed = true;
      this.#onChange();
    });
  }

  /** Connects; the connection is destroyed when the test ends. */
  static open(test: TestContext, { host, port }: SocketAddress, allowHalfOpen = false): RawHttpClient {
    const socket = connect({ host, port, allowHalfOpen });
    test.after(() => socket.destroy());
    return new RawHttpClient(socket);
  }

  /** Sent and not yet looked at by `response`. */
  get received(): string {
    return this.#received;
  }

  /** undefined: the connection did not break. */
  get error(): Error | undefined {
    return this.#error;
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Ends the sending half. */
  finish(): void {
    this.socket.end();
  }

  /** The next response. `hasBody` false: of a HEAD request. Rejects when the connection ends before. */
  async response(hasBody = true): Promise<RawResponse> {
    await this.#until(() => this.#received.includes("\r\n\r\n"), "the headers of a response");
    const end = this.#received.indexOf("\r\n\r\n") + 4;
    const [statusLine = "", ...lines] = this.#received.slice(0, end - 4).split("\r\n");
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    this.#received = this.#received.slice(end);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
    const isEmpty = !hasBody || status === 204 || status === 304 || (status >= 100 && status < 200);
    return { status, headers, body: isEmpty ? "" : await this.#body(headers) };
  }

  /** Resolves when the server has closed: "end" in an orderly way, "reset" otherwise. */
  async closed(): Promise<"end" | "reset"> {
    await this.#until(() => this.#isEnded || this.#isClosed, "the end of the connection", true);
    return this.#error === undefined && this.#isEnded ? "end" : "reset";
  }

  async #body(headers: ReadonlyMap<string, string>): Promise<string> {
    const length = headers.get("content-length");
    if (length !== undefined) return this.#take(Number(length));
    if (headers.get("transfer-encoding") !== "chunked") {
      await this.closed();
      return this.#take(this.#received.length);
    }
    let body = "";
    for (;;) {
      await this.#until(() => this.#received.includes("\r\n"), "a chunk's size");
      const line = await this.#take(this.#received.indexOf("\r\n") + 2);
      const size = Number.parseInt(line, 16);
      const chunk = await this.#take(size + 2);
      if (size === 0) return body;
      body += chunk.slice(0, -2);
    }
  }

  async #take(count: number): Promise<string> {
    await this.#until(() => this.#received.length >= count, `${count} bytes of a body`);
    const taken = this.#received.slice(0, count);
    this.#received = this.#received.slice(count);
    return taken;
  }

  async #until(isSo: () => boolean, what: string, endIsFine = false): Promise<void> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    while (!isSo()) {
      if (this.#isClosed && !endIsFine) {
        throw new Error(`closed before ${what}; left: ${JSON.stringify(this.#received)}`, {
          cause: this.#error,
        });
      }
      if (deadline.aborted) throw new Error(`${what} did not come; left: ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
        deadline.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }
}
