import { PacketType } from "../protocol/codes.ts";
import {
  type JoinRoomResponse,
  RoomKind,
  type RoomPosition,
} from "../protocol/generated/portico/v1/portico_pb.js";
import type { PlainMessage } from "../protocol/packets.ts";
import { ChatError, isTransient } from "./chat-error.ts";
import type { Told } from "./client-events.ts";
import { emitEntry } from "./entry-events.ts";
import type { ClientEnvironment, ClientTimer } from "./environment.ts";
import type { EventHub } from "./event-hub.ts";
import { fetchPage } from "./history-page.ts";
import type { LogEntry } from "./log-entry.ts";
import type { Outbox } from "./outbox.ts";
import { type RoomInfo, roomInfo } from "./room-info.ts";
import { RoomStream, type RoomStreamHost } from "./room-stream.ts";
import type { ServerLink } from "./server-link.ts";

/** Between attempts to join a room again when the server does not say how long to wait. */
const REJOIN_PAUSE_MS = 500;

export interface RoomDirectoryOptions {
  readonly environment: ClientEnvironment;
  readonly events: EventHub;
  readonly outbox: Outbox;
  readonly resumeLimit: number;
  readonly requestTimeoutMs: number;
}

/** The rooms that the client is in: joins them again after a reconnect, where it left them. */
export class RoomDirectory implements RoomStreamHost {
  readonly resumeLimit: number;
  readonly #options: RoomDirectoryOptions;
  /** In the order in which they were joined; the lobby first. */
  readonly #streams: RoomStream[] = [];
  /** Of rooms that were joined with one: a guest needs it each time. */
  readonly #passwords = new Map<RoomStream, string>();
  readonly #timers = new Set<ClientTimer>();
  #link: ServerLink | undefined;
  #userName = "";

  constructor(options: RoomDirectoryOptions) {
    this.#options = options;
    this.resumeLimit = options.resumeLimit;
  }

  get userName(): string {
    return this.#userName;
  }

  list(): RoomInfo[] {
    return this.#streams.map((stream) => stream.info);
  }

  /** Where the client left the lobby; undefined before the first login. */
  get lobbyPosition(): PlainMessage<RoomPosition> | undefined {
    const [lobby] = this.#streams;
    return lobby === undefined ? undefined : positionOf(lobby);
  }

  /** The room with this id: one that is joined now, else one that had the id before the connection was lost. */
  find(roomId: number): RoomStream | undefined {
    return this.findJoined(roomId) ?? this.#streams.find((stream) => stream.roomId === roomId);
  }

  findJoined(roomId: number): RoomStream | undefined {
    return this.#streams.find((stream) => stream.isJoined && stream.roomId === roomId);
  }

  /** Logged in on a new connection: takes up the lobby and joins the other rooms again. */
  attach(link: ServerLink, userName: string, lobby: RoomInfo, isLobbyReplayed: boolean): void {
    this.#link = link;
    this.#userName = userName;
    const [known, ...others] = this.#streams;
    if (known === undefined) this.#streams.push(new RoomStream(this, lobby));
    else this.#takeUp(known, lobby, isLobbyReplayed);
    for (const stream of others) this.#rejoin(link, stream);
  }

  detach(): void {
    this.#link = undefined;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const stream of this.#streams) stream.onLinkEnded();
  }

  /** Another user's rooms are none of this one's. */
  clear(): void {
    for (const stream of this.#streams.splice(0)) stream.end();
    this.#passwords.clear();
  }

  /** The server says that this session is a member of the room now. */
  add(info: RoomInfo, password = ""): RoomInfo {
    const known = this.findJoined(info.roomId);
    const stream = known ?? new RoomStream(this, info);
    if (known === undefined) this.#streams.push(stream);
    if (password !== "") this.#passwords.set(stream, password);
    return stream.info;
  }

  remove(roomId: number): void {
    const stream = this.find(roomId);
    if (stream !== undefined) this.#drop(stream);
  }

  /** An own entry of this stream is at its offset now. The room may have been left and joined again meanwhile. */
  onOwnAcknowledged(stream: RoomStream, entry: LogEntry): void {
    const current = stream.isEnded ? this.findJoined(stream.roomId) : stream;
    current?.onOwnAcknowledged(entry);
  }

  /** Own entries have become certain: what was held back because of them may be told. */
  advanceAll(): void {
    for (const stream of this.#streams) if (stream.isJoined) stream.advance();
  }

  hasUncertain(stream: RoomStream): boolean {
    return this.#options.outbox.hasUncertain(stream);
  }

  onEntry(stream: RoomStream, entry: LogEntry, told: Told): void {
    const { roomId, name: room } = stream.info;
    emitEntry(this.#options.events, { roomId, room, direct: false }, entry, told, this.#userName);
  }

  onResumed(stream: RoomStream, recovered: boolean, replayedCount: number): void {
    const { previousRoomId } = stream;
    const { roomId, name: room } = stream.info;
    this.#options.events.emit({ type: "resumed", roomId, previousRoomId, room, recovered, replayedCount });
  }

  onGap(stream: RoomStream, fromOffset: number, toOffset: number): void {
    const { roomId, name: room } = stream.info;
    this.#options.events.emit({ type: "gap", roomId, room, fromOffset, toOffset });
  }

  fetchAfter(
    stream: RoomStream,
    after: number,
    answer: (answer: readonly LogEntry[] | ChatError) => void,
  ): void {
    if (this.#link !== undefined)
      fetchPage(this.#link, stream, after, this.#options.requestTimeoutMs, answer);
  }

  startTimer(delayMs: number, onExpired: () => void): ClientTimer {
    return this.#options.environment.startTimer(delayMs, onExpired);
  }

  #drop(stream: RoomStream): void {
    this.#streams.splice(this.#streams.indexOf(stream), 1);
    this.#passwords.delete(stream);
    stream.end();
  }

  #takeUp(stream: RoomStream, info: RoomInfo, isReplayed: boolean): void {
    const isSameLog = stream.rejoin(info, isReplayed);
    if (!isSameLog) this.#options.outbox.forgetOffsets(stream);
    this.#options.outbox.pump();
  }

  #rejoin(link: ServerLink, stream: RoomStream): void {
    const { name, kind, access } = stream.info;
    // A room in memory is gone when the server was restarted: whoever comes first makes it again. Made by
    // joining it would be public: what was meant for a few must not go there.
    const isMadeAgain = kind === "memory" && access === "public";
    const create = isMadeAgain ? RoomKind.MEMORY : RoomKind.UNSPECIFIED;
    const password = this.#passwords.get(stream) ?? "";
    const fields = { name, create, password, position: positionOf(stream) };
    link.request(PacketType.JOIN_ROOM_REQUEST, fields, this.#options.requestTimeoutMs, (answer) => {
      if (this.#link === link && !stream.isEnded) this.#onRejoinAnswer(link, stream, answer);
    });
  }

  #onRejoinAnswer(link: ServerLink, stream: RoomStream, answer: JoinRoomResponse | ChatError): void {
    const { name } = stream.info;
    if (!(answer instanceof ChatError)) {
      this.#takeUp(stream, roomInfo(answer.room, name), answer.recovered);
    } else if (isTransient(answer.code) || answer.code === "TIMEOUT") {
      const timer = this.startTimer(Math.max(answer.retryAfterMs, REJOIN_PAUSE_MS), () => {
        this.#timers.delete(timer);
        if (!stream.isEnded) this.#rejoin(link, stream);
      });
      this.#timers.add(timer);
    } else if (answer.code !== "CONNECTION_LOST") {
      this.#drop(stream);
      this.#options.events.emit({ type: "roomLost", roomId: stream.roomId, room: name, error: answer });
      this.#options.outbox.failRoom(stream, answer);
    }
  }
}

function positionOf(stream: RoomStream): PlainMessage<RoomPosition> {
  return { epoch: stream.info.epoch, offset: stream.position };
}
