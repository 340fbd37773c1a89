import { KernelCore } from "../../src/engine/kernel/kernel-core.ts";
import { MappedMemory } from "../../src/engine/memory/mapped-memory.ts";
import { ReservedArena } from "../../src/engine/memory/reserved-arena.ts";

/** Ordinary memory that says that it is at an address. */
class HandMemory extends MappedMemory {
  constructor(byteCount: number) {
    super(0x7000_0000_0000, byteCount);
  }

  protected override viewAt(_address: number, byteCount: number): ArrayBuffer {
    return new ArrayBuffer(byteCount);
  }

  protected override unmap(): void {}
}

/** The core of a port whose kernel is the test: jobs wait until they are run. */
export class HandCore extends KernelCore {
  readonly #reserve = (byteCount: number): HandMemory => new HandMemory(byteCount);
  override readonly addressBlocks;
  override readonly arena;
  readonly #jobs: (() => void)[] = [];

  /** `connects`: how many may be under way at once. */
  constructor(connects = 4) {
    super((byteCount) => new HandMemory(byteCount));
    this.addressBlocks = this.keepPool("socket address", 128, connects);
    this.arena = this.keep(new ReservedArena(this.#reserve, 16 * 1024 * 1024));
    this.askForTurn = () => undefined;
    this.post = (job) => void this.#jobs.push(job);
  }

  /** Runs the jobs of one turn; those that they post wait for the next. */
  runJobs(): void {
    for (const job of this.#jobs.splice(0)) job();
  }
}
