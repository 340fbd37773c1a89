import { newPortCounters } from "../port-counters.ts";
import type { ManualClock } from "../../base/clock.ts";
import type { Flushable, PortCounters, PortTimer } from "../completion-port.ts";
import { HeapArena } from "../memory/arena.ts";
import { Errno, PortError } from "../port-error.ts";
import { TurnLoop } from "../turn-loop.ts";
import type { BytePipe } from "./byte-pipe.ts";
import { CompletionBatch } from "./completion-batch.ts";
import type { FaultSource } from "./network-faults.ts";
import type { SimulatedConnect } from "./simulated-connect.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import type { SimulatedFile } from "./simulated-file.ts";
import type { SimulatedListener } from "./simulated-listener.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import type { SimulatedSocket } from "./simulated-socket.ts";

/** What the sockets, listeners and connects of one simulated port share. */
export class SimulatedHost {
  readonly name: string;
  /** Where the others reach this host. */
  readonly ipv4: string;
  readonly ipv6: string;
  readonly network: SimulatedNetwork;
  readonly faultSource: FaultSource;
  readonly arena: HeapArena;
  readonly sockets = new Set<SimulatedSocket>();
  readonly listeners = new Set<SimulatedListener>();
  readonly connects = new Set<SimulatedConnect>();
  readonly files = new Set<SimulatedFile>();
  readonly disk: SimulatedDisk;
  /** Files being opened. */
  openingCount = 0;
  readonly counters: PortCounters = newPortCounters();
  hasCrashed = false;
  isClosing = false;
  readonly #completions: CompletionBatch;
  readonly #timers = new Set<PortTimer>();
  readonly #turns: TurnLoop;
  #isScheduled = false;

  /** `index` is the host's number in its network; `afterTurn` is called at the end of each turn. */
  constructor(
    network: SimulatedNetwork,
    name: string,
    index: number,
    arenaLimitBytes: number,
    afterTurn: () => void,
  ) {
    this.network = network;
    this.name = name;
    this.ipv4 = `10.0.${index >> 8}.${index & 0xff}`;
    this.ipv6 = `fd00::${index.toString(16)}`;
    this.faultSource = network.faultSource;
    this.disk = network.diskOf(name);
    this.arena = new HeapArena(arenaLimitBytes);
    this.#completions = new CompletionBatch(network.faultSource);
    this.#turns = new TurnLoop({
      dispatch: () => {
        this.counters.turns++;
        this.#completions.dispatch();
      },
      submit: () => {
        if (this.#turns.hasWork || this.#completions.length > 0) this.askForTurn();
        afterTurn();
      },
    });
  }

  get clock(): ManualClock {
    return this.network.clock;
  }

  /** Nothing is left that would call the program. */
  get isQuiet(): boolean {
    const sockets = this.counters.openSockets + this.listeners.size + this.connects.size;
    const open = sockets + this.files.size + this.openingCount;
    return open === 0 && this.#completions.length === 0 && !this.#turns.hasWork;
  }

  askForTurn(): void {
    if (this.#isScheduled || this.hasCrashed) return;
    this.#isScheduled = true;
    this.network.schedule(this.faultSource.turnDelayMs(), () => {
      this.#isScheduled = false;
      if (!this.hasCrashed) this.#turns.run();
    });
  }

  /** `run` tells the program of a completion, in a later dispatch; those of one source in order. */
  complete(source: object, run: () => void): void {
    this.#completions.push(source, run);
    this.askForTurn();
  }

  /** Runs `action` of the simulated kernel a little later. */
  later(action: () => void): void {
    this.network.schedule(this.faultSource.turnDelayMs(), () => {
      if (!this.hasCrashed) action();
    });
  }

  /** `action` of the simulated disk, which takes its time. */
  laterOnDisk(action: () => void): void {
    this.network.schedule(this.faultSource.fileDelayMs(), () => {
      if (!this.hasCrashed) action();
    });
  }

  /** Sends a message to another host; messages of one pipe arrive in order. */
  transmit(to: SimulatedHost, pipe: BytePipe, arrive: () => void): void {
    this.network.transmit(this, to, pipe, arrive);
  }

  begin(): void {
    this.counters.outstandingOperations++;
  }

  end(what: string, result: number): void {
    this.counters.outstandingOperations--;
    this.note(what, result);
  }

  /** A completion is about to be told; it becomes part of the run's fingerprint. */
  note(what: string, result: number): void {
    this.counters.completions++;
    this.network.note(this.name, what, result);
  }

  forgetSocket(socket: SimulatedSocket): void {
    this.sockets.delete(socket);
  }

  refuseWhenClosing(operation: string): void {
    if (this.isClosing) throw new PortError(operation, Errno.ESHUTDOWN, "the port is closing");
  }

  startTimer(delayMs: number, onExpired: () => void): PortTimer {
    let isRunning = !this.hasCrashed;
    const timer: PortTimer = {
      cancel: () => {
        isRunning = false;
        scheduled.cancel();
        this.#timers.delete(timer);
      },
    };
    const scheduled = this.network.schedule(delayMs, () => {
      // All timers are one source, so that they expire in the order of their deadlines.
      this.complete(this.#timers, () => {
        if (!isRunning) return;
        isRunning = false;
        this.#timers.delete(timer);
        this.note("timer", 0);
        onExpired();
      });
    });
    this.#timers.add(timer);
    return timer;
  }

  clearTimers(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  post(job: () => void): void {
    this.#turns.post(() => {
      if (!this.hasCrashed) job();
    });
    this.askForTurn();
  }

  atTurnEnd(task: () => void): void {
    this.#turns.atTurnEnd(() => {
      if (!this.hasCrashed) task();
    });
    this.askForTurn();
  }

  requestFlush(target: Flushable): void {
    this.#turns.requestFlush({
      flush: () => {
        if (!this.hasCrashed) target.flush();
      },
    });
    this.askForTurn();
  }

  /** Everything of the host is gone at once. */
  crash(): void {
    if (this.hasCrashed) return;
    this.hasCrashed = true;
    this.#completions.stop();
    this.clearTimers();
    for (const listener of this.listeners) listener.vanish();
    for (const connect of this.connects) connect.vanish();
    for (const socket of this.sockets) socket.vanish();
    this.files.clear();
    this.counters.openFiles = 0;
    this.counters.openSockets = 0;
    this.counters.outstandingOperations = 0;
  }
}
