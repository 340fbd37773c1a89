import { MappedMemory } from "../memory/mapped-memory.ts";
import { PortError } from "../port-error.ts";
import { MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, PAGE_READWRITE } from "./constants.ts";
import { errnoOf } from "./windows-errors.ts";
import type { WindowsCalls } from "./windows-calls.ts";

/**
 * Memory of VirtualAlloc. Windows promises room for all that is committed, so a large range is only
 * reserved and committed part by part.
 */
export class VirtualMemory extends MappedMemory {
  readonly #calls: WindowsCalls;

  private constructor(calls: WindowsCalls, byteCount: number, type: number) {
    super(allocate(calls, 0, byteCount, type), byteCount);
    this.#calls = calls;
  }

  /** Zeroed memory; pages take up memory once they are touched. Throws PortError ENOMEM. */
  static committed(calls: WindowsCalls, byteCount: number): VirtualMemory {
    return new VirtualMemory(calls, byteCount, MEM_RESERVE | MEM_COMMIT);
  }

  /** A range of addresses without memory; see {@link commit}. */
  static reserved(calls: WindowsCalls, byteCount: number): VirtualMemory {
    return new VirtualMemory(calls, byteCount, MEM_RESERVE);
  }

  /** Puts zeroed memory behind a part of a reserved range. Throws PortError ENOMEM. */
  commit(offset: number, byteCount: number): void {
    allocate(this.#calls, this.address + offset, byteCount, MEM_COMMIT);
  }

  protected override viewAt(address: number, byteCount: number): ArrayBuffer {
    return this.#calls.view(address, byteCount);
  }

  protected override unmap(): void {
    this.#calls.VirtualFree(this.address, 0, MEM_RELEASE);
  }
}

function allocate(calls: WindowsCalls, address: number, byteCount: number, type: number): number {
  const allocated = calls.VirtualAlloc(address, byteCount, type, PAGE_READWRITE);
  if (allocated !== 0) return allocated;
  throw new PortError("VirtualAlloc", errnoOf("memory", calls.GetLastError()), `${byteCount} bytes`);
}
