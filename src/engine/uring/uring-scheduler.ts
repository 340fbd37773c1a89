import { DEFAULT_WORKER_BLOCK_MS } from "../kernel/kernel-core.ts";
import { PortError } from "../port-error.ts";
import type { TurnLoop } from "../turn-loop.ts";
import { TurnScheduler } from "../kernel/turn-scheduler.ts";
import * as k from "./constants.ts";
import { Mapping } from "./mapping.ts";
import { OperationKind } from "./operation-kind.ts";
import type { Ring } from "./ring.ts";
import type { DescriptorWatch, SystemCalls } from "./system-calls.ts";
import type { UringPortOptions } from "./uring-core.ts";

/**
 * When the turns of a ring run.
 *
 * **Joined to the event loop**: the kernel signals an eventfd, the event loop watches it, and the
 * turn runs from setImmediate, because what is called straight from a foreign callback does not
 * drain promises. While turns run the eventfd is switched off; before the thread sleeps it is
 * switched on and the ring looked at once more.
 *
 * **Blocking**: the thread waits in io_uring_enter(2) itself, which saves two system calls per
 * wake-up. Other threads wake it by an eventfd that the ring reads.
 */
export class UringScheduler extends TurnScheduler {
  override readonly wakeDescriptor: number;
  readonly #calls: SystemCalls;
  readonly #ring: Ring;
  readonly #spinTurns: number;
  readonly #blockMs: number;
  readonly #memory: Mapping;
  readonly #eventfd: number;
  /**
   * Switching the eventfd off relies on the kernel ordering "there is work" before its look at the
   * switch, which its code gives on x86 and does not promise elsewhere; there it stays on, at the
   * price of an empty turn now and then.
   */
  readonly #switchesEventfd = process.arch === "x64" || process.arch === "ia32";
  #watch: DescriptorWatch | undefined;
  #isStopping = false;
  #mayCloseWake = true;
  #isHeld = false;
  #spinsLeft = 0;

  constructor(calls: SystemCalls, ring: Ring, turns: TurnLoop, options: UringPortOptions, canBlock: boolean) {
    super(turns);
    this.#calls = calls;
    this.#ring = ring;
    this.#spinTurns = options.spinTurns ?? 0;
    this.#blockMs = options.workerBlockMs ?? DEFAULT_WORKER_BLOCK_MS;
    this.#memory = Mapping.anonymous(calls, 4096);
    this.#eventfd = this.#openEventfd(k.EFD_NONBLOCK);
    ring.registerEventfd(this.#eventfd);
    this.joinLoop();
    // Blocking, so that the ring waits for it (a non-blocking one is answered with EAGAIN).
    this.wakeDescriptor = canBlock ? this.#openEventfd(0) : -1;
    if (canBlock) this.#awaitWake();
  }

  #openEventfd(flags: number): number {
    const fd = this.#calls.eventfd(0, k.EFD_CLOEXEC | flags);
    if (fd === -1) throw new PortError("eventfd", this.#calls.errno());
    return fd;
  }

  protected override joinLoop(): void {
    this.#watch = this.#calls.watch(this.#eventfd, () => this.#onEventfd());
    this.#watch.unref();
    this.#isHeld = false;
  }

  protected override leaveLoop(): void {
    if (this.#switchesEventfd) this.#ring.setEventfdEnabled(false);
    this.#watch?.close();
    this.#watch = undefined;
  }

  override setHeld(isHeld: boolean): void {
    if (isHeld === this.#isHeld || this.#watch === undefined) return;
    this.#isHeld = isHeld;
    if (isHeld) this.#watch.ref();
    else this.#watch.unref();
  }

  #onEventfd(): void {
    this.#calls.read(this.#eventfd, this.#memory.address, 8);
    if (this.#switchesEventfd) this.#ring.setEventfdEnabled(false);
    this.askForTurn();
  }

  protected override wakeUp(): void {
    if (this.#switchesEventfd) this.#ring.setEventfdEnabled(false);
  }

  protected override beforeTurn(): void {
    if (this.#ring.hasCompletions) this.#spinsLeft = this.#spinTurns;
  }

  protected override get hasCompletions(): boolean {
    return this.#ring.hasCompletions;
  }

  protected override get isBusy(): boolean {
    return this.#ring.unsubmitted > 0;
  }

  protected override sleep(): void {
    if (this.#spinsLeft-- > 0) {
      this.askForTurn();
      return;
    }
    if (!this.#switchesEventfd) return;
    this.#ring.setEventfdEnabled(true);
    if (this.#ring.hasCompletions) this.askForTurn();
  }

  protected override waitHere(): void {
    this.#ring.enterAndWait(this.#blockMs);
  }

  #awaitWake(): void {
    this.#ring.prepare(
      OperationKind.WAKE,
      0,
      0,
      k.IORING_OP_READ,
      0,
      0,
      this.wakeDescriptor,
      this.#memory.address + 8,
      8,
      0,
      0,
    );
  }

  /** The read of the wake descriptor has completed. */
  override onWake(): void {
    this.wakeGate.clear();
    if (!this.#isStopping) this.#awaitWake();
  }

  override stop(): void {
    this.#mayCloseWake = this.wakeGate.close();
    if (this.wakeDescriptor >= 0) {
      this.#ring.prepareCancel(OperationKind.CANCEL, OperationKind.WAKE, 0, 0);
    }
    this.#isStopping = true;
  }

  release(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.end();
    this.#calls.close(this.#eventfd);
    if (this.wakeDescriptor >= 0 && this.#mayCloseWake) this.#calls.close(this.wakeDescriptor);
    this.#memory.release();
  }
}
