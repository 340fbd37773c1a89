import { newPortCounters } from "../port-counters.ts";
import { realClock, type Clock } from "../../base/clock.ts";
import type { PortCounters } from "../completion-port.ts";
import { HeapArena } from "../memory/arena.ts";
import { Errno, PortError } from "../port-error.ts";
import { unknownAddress, type SocketAddress } from "../socket-address.ts";
import { TurnLoop } from "../turn-loop.ts";

/** How a port is made. */
export interface LibuvPortOptions {
  /** The most memory the send-buffer arena hands out, bytes, a multiple of 4096. Default 256 MiB. */
  readonly arenaLimitBytes?: number;
  /** What one `onReceived` brings at most, bytes; one such buffer serves all sockets. Default 65,536. */
  readonly receiveBufferBytes?: number;
  /**
   * Read accepted sockets by 'data' events, with documented means alone, and slower; see
   * `adoptAccepted`. Default false.
   */
  readonly usesDataEvents?: boolean;
}

/** A listener, a connect or a socket: what must be gone before the port is closed. */
export interface LibuvOwner {
  closeForPort(): void;
}

/**
 * What sockets, listeners and connects share.
 *
 * libuv has collected a round's events before it calls the first callback, so events are passed on
 * as they come; the rest of the turn (jobs, tasks, flushes) runs in setImmediate, which libuv calls
 * right after the round's last callback. process.nextTick would run after each callback: nothing
 * would merge across sockets, and echo was slower as well (191,000 to 207,000 messages/s against
 * 217,000 to 231,000 with setImmediate).
 */
export class LibuvCore {
  readonly arena: HeapArena;
  readonly clock: Clock = realClock;
  /** Where libuv reads to, one socket at a time. */
  readonly receiveBuffer: Uint8Array;
  readonly usesDataEvents: boolean;
  readonly owners = new Set<LibuvOwner>();
  readonly counters: PortCounters = newPortCounters();
  isClosing = false;
  readonly #turns: TurnLoop;
  readonly #runTurn = (): void => {
    this.#isScheduled = false;
    this.#turns.run();
  };
  #isScheduled = false;

  /** `afterTurn` is called at the end of each turn. */
  constructor(options: LibuvPortOptions, afterTurn: () => void) {
    this.arena = new HeapArena(options.arenaLimitBytes ?? 256 * 1024 * 1024);
    this.receiveBuffer = Buffer.allocUnsafeSlow(options.receiveBufferBytes ?? 65_536);
    this.usesDataEvents = options.usesDataEvents ?? false;
    this.#turns = new TurnLoop({
      dispatch: () => void this.counters.turns++,
      submit: () => {
        // Also after a turn that threw: what it left is for the next one.
        if (this.#turns.hasWork) this.askForTurn();
        afterTurn();
      },
    });
  }

  get hasWork(): boolean {
    return this.#turns.hasWork;
  }

  askForTurn(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#runTurn);
  }

  post(job: () => void): void {
    this.#turns.post(job);
    this.askForTurn();
  }

  atTurnEnd(task: () => void): void {
    this.#turns.atTurnEnd(task);
    this.askForTurn();
  }

  requestFlush(target: { flush(): void }): void {
    this.#turns.requestFlush(target);
    this.askForTurn();
  }

  /** An operation was started. */
  begin(): void {
    this.counters.outstandingOperations++;
  }

  /** An operation has had its terminal completion. */
  end(): void {
    this.counters.outstandingOperations--;
    this.counters.completions++;
  }

  forget(owner: LibuvOwner): void {
    this.owners.delete(owner);
    if (this.isClosing) this.askForTurn();
  }

  refuseWhenClosing(operation: string): void {
    if (this.isClosing) throw new PortError(operation, Errno.ESHUTDOWN, "the port is closing");
  }
}

/** The address as Node tells it; an IPv4 peer of a dual-stack listener is the IPv4 address it is. */
export function addressFrom(host: string | undefined, port: number | undefined): SocketAddress {
  if (host === undefined || port === undefined) return unknownAddress;
  if (!host.includes(":")) return { family: 4, host, port };
  if (host.startsWith("::ffff:") && host.includes(".")) return { family: 4, host: host.slice(7), port };
  return { family: 6, host, port };
}
