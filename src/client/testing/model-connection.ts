import { PacketType } from "../../protocol/codes.ts";
import { type ClientPacket, decodeClientPacket } from "../../protocol/packet-decoder.ts";
import { encodePacketBytes } from "../../protocol/packet-encoder.ts";
import type { PacketInit, ServerPacketType } from "../../protocol/packets.ts";
import type { TransportConnection, TransportEvents } from "../transport.ts";

/** One connection of a ModelServer: what is under way in both directions. */
export class ModelConnection implements TransportConnection {
  readonly toServer: ClientPacket[] = [];
  readonly #toClient: Uint8Array[] = [];
  readonly #events: TransportEvents;
  isMember = false;
  /** The offset up to which it was sent the room, while what it missed is replayed to it. */
  replayedTo: number | undefined;
  /** The first offset of those that it is not sent now, because it reads too slowly. */
  skippedFrom: number | undefined;
  isOver = false;
  #isOpen = false;
  #isClosing = false;

  constructor(events: TransportEvents) {
    this.#events = events;
  }

  get hasWork(): boolean {
    return (
      this.toServer.length > 0 ||
      (!this.isOver &&
        (!this.#isOpen || this.#isClosing || this.#toClient.length > 0 || this.replayedTo !== undefined))
    );
  }

  /** Only the way to the server has something in it. */
  get isReadOnly(): boolean {
    return this.isOver || (this.#isOpen && !this.#isClosing && this.#toClient.length === 0);
  }

  send(packet: Uint8Array): boolean {
    if (this.isOver || this.#isClosing) return false;
    this.toServer.push(decodeClientPacket(packet, 0, packet.byteLength));
    return true;
  }

  close(): void {
    this.#isClosing = true;
  }

  abort(): void {
    this.#isClosing = true;
  }

  push<Type extends ServerPacketType>(type: Type, body: PacketInit<Type>): void {
    if (!this.isOver) this.#toClient.push(encodePacketBytes(type, body));
  }

  /** The next thing that the client sees of this connection. */
  deliver(): void {
    if (this.isOver) return;
    if (this.#isClosing) {
      this.end();
      return;
    }
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#events.onOpen();
      this.push(PacketType.HELLO, { protocolVersion: 1, server: "model", packetLimitBytes: 16_384 });
      return;
    }
    const packet = this.#toClient.shift();
    if (packet !== undefined) this.#events.onPacket(packet, 0, packet.byteLength);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.isMember = false;
    this.replayedTo = undefined;
    this.#events.onClosed("broken");
  }
}
