/**
 * The bench's own little protocol for relays that are not Portico: Portico's header (u16 size with the
 * header, u16 type) and its type numbers, but bodies are plain text. A client joins a room by its name;
 * a publication goes to every member, the publisher too.
 */
export const RELAY_HEADER_BYTES = 4;
export const RELAY_PUBLISH = 3001;
export const RELAY_NOTICE = 3003;
export const RELAY_JOIN = 4001;
export const RELAY_JOINED = 4002;

/** A frame of bytes of its own. */
export function relayFrame(type: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(RELAY_HEADER_BYTES + body.byteLength);
  const view = new DataView(frame.buffer);
  view.setUint16(0, frame.byteLength, true);
  view.setUint16(2, type, true);
  frame.set(body, RELAY_HEADER_BYTES);
  return frame;
}

/** Cuts a stream into frames. What it gives to `onFrame` shares memory with what came in. */
export class FrameCutter {
  #rest: Uint8Array | undefined;

  push(arrived: Uint8Array, onFrame: (type: number, frame: Uint8Array) => void): void {
    let bytes = arrived;
    if (this.#rest !== undefined) {
      bytes = new Uint8Array(this.#rest.byteLength + arrived.byteLength);
      bytes.set(this.#rest, 0);
      bytes.set(arrived, this.#rest.byteLength);
      this.#rest = undefined;
    }
    let at = 0;
    while (at + RELAY_HEADER_BYTES <= bytes.byteLength) {
      const size = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
      if (at + size > bytes.byteLength) break;
      onFrame((bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8), bytes.subarray(at, at + size));
      at += size;
    }
    if (at < bytes.byteLength) this.#rest = bytes.slice(at);
  }
}

/** Rooms by name, and the room of each member. */
export class RelayRooms<Member> {
  readonly #rooms = new Map<string, Set<Member>>();
  readonly #roomOf = new Map<Member, Set<Member>>();

  join(member: Member, name: string): void {
    let room = this.#rooms.get(name);
    if (room === undefined) {
      room = new Set();
      this.#rooms.set(name, room);
    }
    room.add(member);
    this.#roomOf.set(member, room);
  }

  leave(member: Member): void {
    this.#roomOf.get(member)?.delete(member);
    this.#roomOf.delete(member);
  }

  membersWith(member: Member): Iterable<Member> {
    return this.#roomOf.get(member) ?? [];
  }
}

const decoder = new TextDecoder();

/** The name that a JOIN frame carries. */
export function joinedName(frame: Uint8Array): string {
  return decoder.decode(frame.subarray(RELAY_HEADER_BYTES));
}

/** The notice that a publication becomes: the same bytes under another type. */
export function noticeOf(publication: Uint8Array): Uint8Array {
  return relayFrame(RELAY_NOTICE, publication.subarray(RELAY_HEADER_BYTES));
}
