import { bunApi, type BunSocket } from "./bun-api.ts";
import { BunWriter } from "./bun-writer.ts";
import { announce } from "./control.ts";
import {
  FrameCutter,
  joinedName,
  noticeOf,
  RELAY_JOIN,
  RELAY_JOINED,
  RELAY_PUBLISH,
  relayFrame,
  RelayRooms,
} from "./relay-frames.ts";

interface Member {
  readonly cutter: FrameCutter;
  readonly writer: BunWriter;
}

/** Rooms on Bun.listen: one write per member per message, at once. */
const rooms = new RelayRooms<BunSocket<Member>>();
const joined = relayFrame(RELAY_JOINED, new Uint8Array(0));

function onFrame(socket: BunSocket<Member>, type: number, frame: Uint8Array): void {
  if (type === RELAY_PUBLISH) {
    const notice = noticeOf(frame);
    for (const member of rooms.membersWith(socket)) member.data.writer.write(member, notice);
  } else if (type === RELAY_JOIN) {
    rooms.join(socket, joinedName(frame));
    socket.data.writer.write(socket, joined);
  }
}

const server = bunApi().listen<Member>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(socket) {
      socket.data = { cutter: new FrameCutter(), writer: new BunWriter() };
      socket.setNoDelay(true);
    },
    data: (socket, bytes) => socket.data.cutter.push(bytes, (type, frame) => onFrame(socket, type, frame)),
    drain: (socket) => socket.data.writer.drain(socket),
    close: (socket) => rooms.leave(socket),
    error: () => undefined,
  },
});
announce(server.port);
