/** The part of Bun's API that the servers here use (https://bun.com/docs/api). */
export interface BunApi {
  listen<Data>(options: {
    hostname: string;
    port: number;
    socket: {
      open?(socket: BunSocket<Data>): void;
      data(socket: BunSocket<Data>, bytes: Uint8Array): void;
      drain?(socket: BunSocket<Data>): void;
      close?(socket: BunSocket<Data>): void;
      error?(socket: BunSocket<Data>, error: Error): void;
    };
  }): { readonly port: number };
  serve<Data>(options: {
    hostname: string;
    port: number;
    fetch(request: Request, server: BunServer<Data>): Response | undefined;
    websocket: {
      idleTimeout?: number;
      open?(socket: BunWebSocket<Data>): void;
      message(socket: BunWebSocket<Data>, message: string | Uint8Array): void;
    };
  }): BunServer<Data>;
}

export interface BunSocket<Data> {
  data: Data;
  /** Bytes taken, maybe fewer than given; the rest is the caller's to keep until `drain`. */
  write(bytes: Uint8Array): number;
  setNoDelay(noDelay?: boolean): void;
}

export interface BunServer<Data> {
  readonly port: number;
  upgrade(request: Request, options: { data: Data }): boolean;
  publish(topic: string, message: string | Uint8Array): number;
}

export interface BunWebSocket<Data> {
  readonly data: Data;
  subscribe(topic: string): void;
}

/** Bun, when this program is run by it. */
export function bunApi(): BunApi {
  const bun = (globalThis as { Bun?: BunApi }).Bun;
  if (bun === undefined) throw new Error("this server is run with bun");
  return bun;
}
