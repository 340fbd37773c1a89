import { Errno, PortError } from "../port-error.ts";

/** The bytes of one file, wherever it is named. */
export interface SimulatedFileBytes {
  parts: Uint8Array[];
  byteCount: number;
}

/**
 * The files of one simulated host, in memory. They outlive the host's port, as files outlive a process: a
 * port that is made later under the same name finds them.
 */
export class SimulatedDisk {
  readonly #files = new Map<string, SimulatedFileBytes>();
  readonly #directories = new Set(["", "."]);
  /** Bytes of all files. */
  #usedBytes = 0;

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Makes a directory; those above it are there. */
  makeDirectory(path: string): void {
    this.#directories.add(path);
  }

  /** The paths of all files, sorted. */
  get paths(): string[] {
    return [...this.#files.keys()].toSorted();
  }

  /** What is in a file; throws PortError ENOENT. */
  read(path: string): Buffer {
    return Buffer.concat(this.#find("read", path).parts);
  }

  rename(from: string, to: string): void {
    const file = this.#find("rename", from);
    this.remove(to);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  remove(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#usedBytes -= file.byteCount;
    this.#files.delete(path);
  }

  #find(operation: string, path: string): SimulatedFileBytes {
    const file = this.#files.get(path);
    if (file === undefined) throw new PortError(operation, Errno.ENOENT, path);
    return file;
  }

  // What files need.

  /** The file, made when it is not there; throws PortError. */
  open(path: string, existing: "append" | "truncate" | "refuse"): SimulatedFileBytes {
    if (this.#directories.has(path)) throw new PortError("open", Errno.EISDIR, path);
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (!this.#directories.has(parent)) {
      throw new PortError("open", this.#files.has(parent) ? Errno.ENOTDIR : Errno.ENOENT, path);
    }
    let file = this.#files.get(path);
    if (file !== undefined && existing === "refuse") throw new PortError("open", Errno.EEXIST, path);
    if (file === undefined) {
      file = { parts: [], byteCount: 0 };
      this.#files.set(path, file);
    } else if (existing === "truncate") {
      this.#usedBytes -= file.byteCount;
      file.parts = [];
      file.byteCount = 0;
    }
    return file;
  }

  append(file: SimulatedFileBytes, bytes: Uint8Array): void {
    file.parts.push(bytes);
    file.byteCount += bytes.byteLength;
    this.#usedBytes += bytes.byteLength;
  }
}
