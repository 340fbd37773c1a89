import { randomBytes } from "node:crypto";

/** The request that opens a WebSocket at `path` (RFC 6455, 4.1), with these header lines besides. */
export function upgradeRequest(path: string, extra: readonly string[] = []): Uint8Array {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ...extra,
  ];
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
}

/** Reads the response to it. */
export class UpgradeResponse {
  isDone = false;
  /** What came instead of a 101; undefined: nothing is wrong. */
  fault: string | undefined;
  #text = "";

  /** Returns where the frames begin, `end` while the response is incomplete. */
  read(bytes: Uint8Array, start: number, end: number): number {
    const known = this.#text.length;
    this.#text += Buffer.from(bytes.subarray(start, end)).toString("latin1");
    const blank = this.#text.indexOf("\r\n\r\n");
    if (blank < 0) return end;
    if (!this.#text.startsWith("HTTP/1.1 101")) {
      this.fault = `no WebSocket: ${this.#text.slice(0, 60)}`;
      return end;
    }
    this.isDone = true;
    return start + blank + 4 - known;
  }
}
