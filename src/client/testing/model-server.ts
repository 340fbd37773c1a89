import type { SeededRandom } from "../../base/random.ts";
import { ErrorCode, PacketType } from "../../protocol/codes.ts";
import { type LoginRequest, MessageKind } from "../../protocol/generated/portico/v1/portico_pb.js";
import type { ClientPacket } from "../../protocol/packet-decoder.ts";
import { responseTypeOf } from "../../protocol/packets.ts";
import type { Transport, TransportConnection, TransportEvents } from "../transport.ts";
import { ModelConnection } from "./model-connection.ts";
import { type ModelEntry, ModelLog } from "./model-log.ts";

type EntryRequest = Extract<
  ClientPacket,
  {
    readonly type:
      | PacketType.PUBLISH_REQUEST
      | PacketType.EDIT_MESSAGE_REQUEST
      | PacketType.DELETE_MESSAGE_REQUEST
      | PacketType.REACT_REQUEST
      | PacketType.WHISPER_REQUEST;
  }
>;

export interface ModelServerOptions {
  readonly random: SeededRandom;
  /** Replays what a client missed; otherwise clients have to fetch it, as from servers before this was. */
  readonly replays: boolean;
}

/** The user whose clients connect, and the other user of the conversation. */
const USER = "mina";
const PEER = "jun";

/**
 * A server with a lobby and a conversation, as simple as can be, whose network does what networks do:
 * packets in both directions take as long as they like, connections break, and what a broken connection
 * still carried reaches the server later, or never. Nothing happens by itself: `step` lets one thing happen.
 */
export class ModelServer implements Transport {
  readonly address = "model:9000";
  readonly lobby = new ModelLog(1);
  readonly whispers = new ModelLog(9);
  /** The read marker of the conversation. */
  readOffset = 0;
  readonly #random: SeededRandom;
  readonly #replays: boolean;
  readonly #connections = new Set<ModelConnection>();

  constructor(options: ModelServerOptions) {
    this.#random = options.random;
    this.#replays = options.replays;
  }

  connect(events: TransportEvents): TransportConnection {
    const connection = new ModelConnection(events);
    this.#connections.add(connection);
    return connection;
  }

  /** One random thing happens: a packet arrives somewhere, or a connection ends. False: nothing is under way. */
  step(): boolean {
    const busy = [...this.#connections].filter((connection) => connection.hasWork);
    const connection = busy[this.#random.below(busy.length)];
    if (connection === undefined) return false;
    if (connection.toServer.length > 0 && (connection.isReadOnly || this.#random.chance(0.5))) {
      const packet = connection.toServer.shift();
      if (packet !== undefined) this.#onPacket(connection, packet);
    } else if (connection.replayedTo !== undefined && this.#random.chance(0.5)) {
      this.#replay(connection, connection.replayedTo);
    } else {
      connection.deliver();
    }
    if (connection.isOver && connection.toServer.length === 0) this.#connections.delete(connection);
    return true;
  }

  /** Breaks a connection; what it carried to the server may still arrive. */
  break(): void {
    for (const connection of this.#connections) {
      if (connection.isOver) continue;
      if (this.#random.chance(0.4))
        connection.toServer.length = this.#random.below(connection.toServer.length + 1);
      connection.end();
    }
  }

  /** Somebody says something in the lobby, or changes what was said. */
  say(sender: string, text: string, kind: MessageKind = MessageKind.TEXT): void {
    const target = kind === MessageKind.TEXT ? 0 : 1 + this.#random.below(this.lobby.lastOffset + 1);
    const id = `${sender}-${this.lobby.lastOffset}-${this.lobby.epoch}`;
    this.#append(this.lobby, { sender, id, text, kind, target }, undefined);
  }

  /** A whisper to the user, or by another session of the user. */
  whisper(sender: string, text: string): void {
    const id = `${sender}-${this.whispers.lastOffset}`;
    this.#append(this.whispers, { sender, id, text, kind: MessageKind.TEXT, target: 0 }, undefined);
  }

  /** From now on a client that reads the lobby is not sent what is said there … */
  beginSkip(): void {
    for (const connection of this.#connections)
      if (isLive(connection)) connection.skippedFrom ??= this.lobby.lastOffset + 1;
  }

  /** … until now; it is told what it was not sent. */
  endSkip(): void {
    for (const connection of this.#connections) this.#endSkip(connection);
  }

  /** The room is made anew, empty. */
  restartLobby(): void {
    this.break();
    for (const connection of this.#connections) connection.toServer.length = 0;
    this.lobby.restart();
  }

  #onPacket(connection: ModelConnection, packet: ClientPacket): void {
    switch (packet.type) {
      case PacketType.LOGIN_REQUEST:
        this.#onLogin(connection, packet.body);
        break;
      case PacketType.PUBLISH_REQUEST:
      case PacketType.EDIT_MESSAGE_REQUEST:
      case PacketType.DELETE_MESSAGE_REQUEST:
      case PacketType.REACT_REQUEST:
      case PacketType.WHISPER_REQUEST:
        this.#onEntry(connection, packet);
        break;
      case PacketType.HISTORY_REQUEST: {
        const { requestId, after, roomId } = packet.body;
        const log = roomId === this.whispers.roomId ? this.whispers : this.lobby;
        const page = log.after(Number(after), 1 + this.#random.below(4));
        const more = (page.at(-1)?.offset ?? log.lastOffset) < log.lastOffset;
        const messages = page.map((entry) => log.notice(entry));
        connection.push(PacketType.HISTORY_RESPONSE, { requestId, messages, more });
        break;
      }
      case PacketType.ROOM_LIST_REQUEST:
        this.#onRoomList(connection, packet.body.requestId);
        break;
      default:
    }
  }

  #onLogin(connection: ModelConnection, { requestId, lobby: position }: LoginRequest): void {
    const { lobby } = this;
    const lobbyRecovered = this.#replays && lobby.continues(position);
    connection.isMember = true;
    if (lobbyRecovered) connection.replayedTo = Number(position?.offset);
    connection.push(PacketType.LOGIN_RESPONSE, {
      requestId,
      user: { id: 1n, name: USER },
      lobbyRecovered,
      lobby: {
        roomId: lobby.roomId,
        name: "lobby",
        epoch: lobby.epochName,
        firstOffset: lobby.lastOffset === lobby.trimmedCount ? 0 : lobby.trimmedCount + 1,
        lastOffset: lobby.lastOffset,
      },
    });
  }

  #onRoomList(connection: ModelConnection, requestId: number): void {
    const { roomId, lastOffset, epochName: epoch } = this.whispers;
    const rooms = [{ roomId, name: PEER, epoch, lastOffset, readOffset: this.readOffset }];
    connection.push(PacketType.ROOM_LIST_RESPONSE, { requestId, rooms: lastOffset > 0 ? rooms : [] });
  }

  #onEntry(connection: ModelConnection, packet: EntryRequest): void {
    const { requestId, clientMessageId: id } = packet.body;
    const response = responseTypeOf(packet.type);
    if (this.#random.chance(0.1)) {
      const code = this.#random.chance(0.5) ? ErrorCode.RATE_LIMITED : ErrorCode.BUSY;
      connection.push(response, { requestId, code, retryAfterMs: 50 });
      return;
    }
    const isWhisper =
      packet.type === PacketType.WHISPER_REQUEST || packet.body.roomId === this.whispers.roomId;
    const log = isWhisper ? this.whispers : this.lobby;
    const known = log.find(USER, id);
    if (known === undefined && this.#random.chance(0.5)) this.#endSkip(connection);
    const { offset } = known ?? this.#append(log, { sender: USER, id, ...contentOf(packet) }, connection);
    const receipt = { requestId, offset, timeMs: offset };
    if (packet.type === PacketType.WHISPER_REQUEST) {
      connection.push(PacketType.WHISPER_RESPONSE, { ...receipt, roomId: log.roomId });
    } else {
      connection.push(responseTypeOf(packet.type), receipt);
    }
  }

  #append(log: ModelLog, content: Omit<ModelEntry, "offset">, by: ModelConnection | undefined): ModelEntry {
    const entry = log.append(content);
    for (const connection of this.#connections) {
      if (connection === by || !connection.isMember || connection.isOver) continue;
      if (log === this.whispers) {
        const { roomId, ...notice } = log.notice(entry);
        const to = entry.sender === USER ? PEER : USER;
        connection.push(PacketType.WHISPER_NOTICE, {
          roomId,
          from: entry.sender,
          to,
          offset: notice.offset,
          timeMs: notice.timeMs,
          text: notice.text,
          kind: notice.kind,
          target: notice.target,
        });
      } else if (isLive(connection) && connection.skippedFrom === undefined) {
        connection.push(PacketType.MESSAGE_NOTICE, log.notice(entry));
      }
    }
    return entry;
  }

  /** The next page of what it missed; with the last one it hears what is said live. */
  #replay(connection: ModelConnection, after: number): void {
    const page = this.lobby.after(after, 1 + this.#random.below(4));
    const first = page[0]?.offset ?? this.lobby.lastOffset + 1;
    if (first > after + 1) {
      const { roomId } = this.lobby;
      connection.push(PacketType.ROOM_GAP_NOTICE, { roomId, fromOffset: after + 1, toOffset: first - 1 });
    }
    for (const entry of page) connection.push(PacketType.MESSAGE_NOTICE, this.lobby.notice(entry));
    const replayedTo = page.at(-1)?.offset ?? after;
    connection.replayedTo = replayedTo < this.lobby.lastOffset ? replayedTo : undefined;
  }

  #endSkip(connection: ModelConnection): void {
    const { skippedFrom: fromOffset } = connection;
    connection.skippedFrom = undefined;
    const toOffset = this.lobby.lastOffset;
    if (fromOffset === undefined || fromOffset > toOffset || connection.isOver) return;
    const { roomId } = this.lobby;
    connection.push(PacketType.ROOM_GAP_NOTICE, { roomId, fromOffset, toOffset });
  }
}

function isLive({ isMember, isOver, replayedTo }: ModelConnection): boolean {
  return isMember && !isOver && replayedTo === undefined;
}

function contentOf({ type, body }: EntryRequest): Pick<ModelEntry, "text" | "kind" | "target"> {
  switch (type) {
    case PacketType.PUBLISH_REQUEST:
    case PacketType.WHISPER_REQUEST:
      return { text: body.text, kind: MessageKind.TEXT, target: 0 };
    case PacketType.EDIT_MESSAGE_REQUEST:
      return { text: body.text, kind: MessageKind.EDIT, target: Number(body.offset) };
    case PacketType.DELETE_MESSAGE_REQUEST:
      return { text: "", kind: MessageKind.DELETE, target: Number(body.offset) };
    case PacketType.REACT_REQUEST: {
      const kind = body.remove ? MessageKind.REACTION_REMOVED : MessageKind.REACTION;
      return { text: body.reaction, kind, target: Number(body.offset) };
    }
  }
}
