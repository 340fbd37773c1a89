/** Options of one TCP socket. What is left out keeps the kernel's default, but for noDelay. */
export interface SocketOptions {
  /** Send small packets at once (TCP_NODELAY). Default true: Portico merges sends itself. */
  readonly noDelay?: boolean;
  /** Kernel send buffer, bytes (SO_SNDBUF). The libuv port cannot set it and ignores it. */
  readonly kernelSendBufferBytes?: number;
  /** Kernel receive buffer, bytes (SO_RCVBUF). The libuv port cannot set it and ignores it. */
  readonly kernelReceiveBufferBytes?: number;
  /** TCP keep-alive: idle time before the first probe, and the interval between probes, seconds. */
  readonly keepAlive?: { readonly idleSeconds: number; readonly intervalSeconds: number };
  /** Seconds that close waits for unsent bytes (SO_LINGER); 0 makes close send a reset. */
  readonly lingerSeconds?: number;
}

/** Options of a listening socket. */
export interface ListenOptions {
  /** Connections the kernel may hold before they are accepted. Default 4096; the kernel caps it. */
  readonly backlog?: number;
  /**
   * Let a new server bind while old connections linger (SO_REUSEADDR). Default true. On Windows that needs no
   * option, and false takes the address for this listener alone (SO_EXCLUSIVEADDRUSE; iocp only).
   */
  readonly reuseAddress?: boolean;
  /** Given to each accepted socket. */
  readonly socket?: SocketOptions;
}

/** Options of an outbound connection. */
export interface ConnectOptions {
  readonly socket?: SocketOptions;
}
