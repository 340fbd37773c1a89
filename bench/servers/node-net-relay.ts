import { createServer, type Socket } from "node:net";
import { listenAndAnnounce } from "./node-listen.ts";
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

/** Rooms in node:net as one writes them first: one write per member per message, at once. */
const rooms = new RelayRooms<Socket>();
const joined = relayFrame(RELAY_JOINED, new Uint8Array(0));

function onFrame(socket: Socket, type: number, frame: Uint8Array): void {
  if (type === RELAY_PUBLISH) {
    const notice = noticeOf(frame);
    for (const member of rooms.membersWith(socket)) member.write(notice);
  } else if (type === RELAY_JOIN) {
    rooms.join(socket, joinedName(frame));
    socket.write(joined);
  }
}

listenAndAnnounce(
  createServer({ noDelay: true }, (socket) => {
    const cutter = new FrameCutter();
    socket.on("data", (bytes: Buffer) => cutter.push(bytes, (type, frame) => onFrame(socket, type, frame)));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => rooms.leave(socket));
  }),
);
