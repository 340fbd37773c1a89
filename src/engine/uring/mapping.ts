import { MappedMemory } from "../memory/mapped-memory.ts";
import { PortError } from "../port-error.ts";
import { MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, PROT_READ_WRITE } from "./constants.ts";
import type { SystemCalls } from "./system-calls.ts";

/** Memory of mmap(2). */
export class Mapping extends MappedMemory {
  readonly #calls: SystemCalls;

  private constructor(calls: SystemCalls, address: number, byteCount: number) {
    super(address, byteCount);
    this.#calls = calls;
  }

  /** Zeroed memory. Pages take up memory only once they are touched. Throws PortError ENOMEM. */
  static anonymous(calls: SystemCalls, byteCount: number): Mapping {
    return Mapping.#make(calls, byteCount, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }

  /** Memory shared with the kernel through a descriptor. */
  static ofDescriptor(
    calls: SystemCalls,
    fd: number,
    offset: number,
    byteCount: number,
    flags: number,
  ): Mapping {
    return Mapping.#make(calls, byteCount, flags, fd, offset);
  }

  static #make(calls: SystemCalls, byteCount: number, flags: number, fd: number, offset: number): Mapping {
    const address = calls.mmap(0, byteCount, PROT_READ_WRITE, flags, fd, offset);
    if (address === -1) throw new PortError("mmap", calls.errno(), `${byteCount} bytes`);
    return new Mapping(calls, address, byteCount);
  }

  protected override viewAt(address: number, byteCount: number): ArrayBuffer {
    return this.#calls.view(address, byteCount);
  }

  protected override unmap(): void {
    this.#calls.munmap(this.address, this.byteCount);
  }
}
