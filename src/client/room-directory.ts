import { PacketType } from "../protocol/codes.ts";
import { RoomKind, type MessageNotice, type RoomState } from "../protocol/generated/portico/v1/portico_pb.js";
import { ChatError, isTransient } from "./chat-error.ts";
import type { EventHub } from "./client-events.ts";
import type { ClientEnvironment, ClientTimer } from "./environment.ts";
import type { Outbox } from "./outbox.ts";
import { type RoomInfo, RoomStream, type RoomStreamHost, type StreamMessage } from "./room-stream.ts";
import type { Notice, ServerLink } from "./server-link.ts";

/** Messages in one page of history; the most that the protocol allows. */
const PAGE_MESSAGES = 200;

/** Between attempts to join a room again when the server does not say how long to wait. */
const REJOIN_PAUSE_MS = 500;

export interface RoomDirectoryOptions {
  readonly environment: ClientEnvironment;
  readonly events: EventHub;
  readonly outbox: Outbox;
  readonly resumeLimit: number;
  readonly requestTimeoutMs: number;
}

/** The rooms that the client is in: joins them again after a reconnect, and gives each its notices. */
export class RoomDirectory implements RoomStreamHost {
  readonly resumeLimit: number;
  readonly #options: RoomDirectoryOptions;
  /** In the order in which they were joined; the lobby first. */
  readonly #streams: RoomStream[] = [];
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

  /** The room with this id: one that is joined now, else one that had the id before the connection was lost. */
  find(roomId: number): RoomStream | undefined {
    return this.#findJoined(roomId) ?? this.#streams.find((stream) => stream.roomId === roomId);
  }

  /** Logged in on a new connection: takes up the lobby and joins the other rooms again. */
  attach(link: ServerLink, userName: string, lobby: RoomInfo): void {
    this.#link = link;
    this.#userName = userName;
    const [known, ...others] = this.#streams;
    if (known === undefined) this.#streams.push(new RoomStream(this, lobby));
    else known.rejoin(lobby);
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
  }

  /** The server says that this session is a member of the room now. */
  add(info: RoomInfo): RoomInfo {
    const known = this.#findJoined(info.roomId);
    if (known !== undefined) return known.info;
    const stream = new RoomStream(this, info);
    this.#streams.push(stream);
    return stream.info;
  }

  remove(roomId: number): void {
    const stream = this.find(roomId);
    if (stream !== undefined) this.#drop(stream);
  }

  /** An own message of this stream is at `offset` now. The room may have been left and joined again meanwhile. */
  onOwnAcknowledged(stream: RoomStream, message: StreamMessage): void {
    const current = stream.isEnded ? this.#findJoined(stream.roomId) : stream;
    current?.onOwnAcknowledged(message);
  }

  #drop(stream: RoomStream): void {
    this.#streams.splice(this.#streams.indexOf(stream), 1);
    stream.end();
  }

  /** Own messages have become certain: what was held back because of them may be told. */
  advanceAll(): void {
    for (const stream of this.#streams) if (stream.isJoined) stream.advance();
  }

  onNotice(notice: Exclude<Notice, { readonly type: PacketType.WHISPER_NOTICE }>): void {
    const stream = this.#findJoined(notice.body.roomId);
    if (stream === undefined) return; // sent before the server knew that we had left
    const { roomId } = stream;
    const room = stream.info.name;
    if (notice.type === PacketType.MESSAGE_NOTICE) stream.onNotice(streamMessage(notice.body));
    else {
      const type = notice.type === PacketType.USER_JOINED_NOTICE ? "userJoined" : "userLeft";
      this.#options.events.emit({ type, roomId, room, name: notice.body.name });
    }
  }

  hasUncertain(stream: RoomStream): boolean {
    return this.#options.outbox.hasUncertain(stream);
  }

  onMessage(stream: RoomStream, message: StreamMessage, isOwn: boolean): void {
    const { offset, timeMs, sender, text } = message;
    const { roomId, name: room } = stream.info;
    this.#options.events.emit({ type: "message", isOwn, roomId, room, offset, timeMs, sender, text });
  }

  onResumed(stream: RoomStream, recovered: boolean, replayedCount: number): void {
    const { previousRoomId } = stream;
    const { roomId, name: room } = stream.info;
    this.#options.events.emit({ type: "resumed", roomId, previousRoomId, room, recovered, replayedCount });
  }

  fetchAfter(
    stream: RoomStream,
    after: number,
    answer: (answer: readonly StreamMessage[] | ChatError) => void,
  ): void {
    const fields = { roomId: stream.roomId, after, limit: PAGE_MESSAGES };
    this.#link?.request(PacketType.HISTORY_REQUEST, fields, this.#options.requestTimeoutMs, (page) => {
      answer(page instanceof ChatError ? page : page.messages.map(streamMessage));
    });
  }

  startTimer(delayMs: number, onExpired: () => void): ClientTimer {
    return this.#options.environment.startTimer(delayMs, onExpired);
  }

  #findJoined(roomId: number): RoomStream | undefined {
    return this.#streams.find((stream) => stream.isJoined && stream.roomId === roomId);
  }

  #rejoin(link: ServerLink, stream: RoomStream): void {
    const { name, kind } = stream.info;
    // A room in memory is gone when the server was restarted: whoever comes first makes it again.
    const create = kind === "memory" ? RoomKind.MEMORY : RoomKind.UNSPECIFIED;
    link.request(PacketType.JOIN_ROOM_REQUEST, { name, create }, this.#options.requestTimeoutMs, (answer) => {
      if (this.#link !== link || stream.isEnded) return;
      if (!(answer instanceof ChatError)) {
        stream.rejoin(roomInfo(answer.room, name));
        this.#options.outbox.pump();
      } else if (isTransient(answer.code) || answer.code === "TIMEOUT") {
        const timer = this.startTimer(Math.max(answer.retryAfterMs, REJOIN_PAUSE_MS), () => {
          this.#timers.delete(timer);
          if (stream.isEnded) return;
          this.#rejoin(link, stream);
        });
        this.#timers.add(timer);
      } else if (answer.code !== "CONNECTION_LOST") {
        this.#drop(stream);
        this.#options.events.emit({ type: "roomLost", roomId: stream.roomId, room: name, error: answer });
        this.#options.outbox.failRoom(stream, answer);
      }
    });
  }
}

/** A RoomState as the client shows it. A server that leaves it out gave a room with nothing known of it. */
export function roomInfo(state: RoomState | undefined, name: string): RoomInfo {
  return {
    roomId: state?.roomId ?? 0,
    name: state?.name ?? name,
    kind: state?.kind === RoomKind.MEMORY ? "memory" : state?.kind === RoomKind.DIRECT ? "direct" : "logged",
    epoch: state?.epoch ?? "",
    firstOffset: Number(state?.firstOffset ?? 0),
    lastOffset: Number(state?.lastOffset ?? 0),
    memberCount: state?.memberCount ?? 0,
  };
}

export function streamMessage(notice: MessageNotice): StreamMessage {
  return {
    offset: Number(notice.offset),
    timeMs: Number(notice.timeMs),
    sender: notice.sender,
    text: notice.text,
  };
}
