import type { LoadResult, RoomsJob } from "./job.ts";
import type { Load, LoadRun } from "./load-run.ts";
import { PorticoConnection, RelayConnection } from "./packet-connections.ts";
import { PorticoWebSocketConnection } from "./portico-websocket-connection.ts";
import type { Room, RoomConnection } from "./room-connection.ts";
import { SocketIoConnection, WebSocketConnection } from "./websocket-connections.ts";

/** Publishers keep `window` publications outstanding; every member must get every publication once. */
export async function runRoomLoad(run: LoadRun, job: RoomsJob): Promise<LoadResult> {
  const rooms: Room[] = Array.from({ length: job.rooms }, (_, index) => ({
    index,
    published: Array.from({ length: job.roomPublishers }, () => 0),
  }));
  const connections = await run.connectAll(job.rooms * job.roomMembers, (index) => {
    const room = rooms[Math.floor(index / job.roomMembers)] as Room;
    const place = index % job.roomMembers;
    return makeMember(run, job, room, place < job.roomPublishers ? place : -1, index);
  });
  return run.measure(new RoomLoad(connections, job.verify), job);
}

function makeMember(
  run: LoadRun,
  job: RoomsJob,
  room: Room,
  publisherIndex: number,
  index: number,
): RoomConnection {
  if (job.dialect === "portico" || job.dialect === "portico-websocket") {
    const Guest = job.dialect === "portico" ? PorticoConnection : PorticoWebSocketConnection;
    return new Guest(run, job, room, publisherIndex, `bench-${index}`);
  }
  const Member = plainMembers[job.dialect];
  return new Member(run, job, room, publisherIndex);
}

const plainMembers = {
  relay: RelayConnection,
  websocket: WebSocketConnection,
  "socket.io": SocketIoConnection,
};

class RoomLoad implements Load {
  readonly #connections: readonly RoomConnection[];
  readonly #verify: boolean;

  constructor(connections: readonly RoomConnection[], verify: boolean) {
    this.#connections = connections;
    this.#verify = verify;
  }

  begin(): void {
    for (const connection of this.#connections) connection.begin();
  }

  stop(): void {
    for (const connection of this.#connections) connection.isPublishing = false;
  }

  arrived(): number {
    let total = 0;
    for (const connection of this.#connections) total += connection.deliveries;
    return total;
  }

  isDrained(): boolean {
    return this.#connections.every((connection) => connection.deliveries >= expectedBy(connection));
  }

  findFault(): string | undefined {
    let lost = 0;
    let surplus = 0;
    for (const connection of this.#connections) {
      const difference = connection.deliveries - expectedBy(connection);
      if (difference < 0) lost -= difference;
      else surplus += difference;
    }
    const total = this.arrived();
    if (lost > 0 || surplus > 0) return `${lost} deliveries lost and ${surplus} too many, of ${total}`;
    if (total === 0) return "nothing was delivered";
    return this.#verify ? this.#connections.find((connection) => connection.fault)?.fault : undefined;
  }
}

/** Every publication of the room, each once. */
function expectedBy(connection: RoomConnection): number {
  let total = 0;
  for (const count of connection.room.published) total += count;
  return total;
}
