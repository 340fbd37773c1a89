import type { BunSocket } from "./bun-api.ts";

/** Writes to a Bun socket at once and keeps what the kernel did not take, which Bun leaves to its user. */
export class BunWriter {
  #waiting: Uint8Array[] = [];

  write(socket: BunSocket<unknown>, bytes: Uint8Array): void {
    if (this.#waiting.length > 0) {
      this.#waiting.push(bytes.slice());
      return;
    }
    const taken = socket.write(bytes);
    if (taken >= 0 && taken < bytes.byteLength) this.#waiting.push(bytes.slice(taken));
  }

  /** To be called from the socket's `drain`. */
  drain(socket: BunSocket<unknown>): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const bytes of waiting) this.write(socket, bytes);
  }
}
