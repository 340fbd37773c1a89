import type { EchoJob, RoomsJob } from "./load/job.ts";

/** What can be measured. */
export type Scenario = "echo" | "fanout" | "rooms" | "publish" | "tls" | "memory";

export const scenarioNames: readonly Scenario[] = ["echo", "fanout", "rooms", "publish", "tls", "memory"];

/** The shape of a timed load: a job without the addresses and times that each round adds. */
export type LoadShape =
  | Pick<EchoJob, "kind" | "connections" | "messageBytes" | "inFlight">
  | Pick<RoomsJob, "kind" | "rooms" | "roomMembers" | "roomPublishers" | "window" | "textBytes">;

/** One column of a scenario: `key` tells it from the others, `title` says what it is. */
export interface Variant {
  readonly key: string;
  readonly title: string;
  readonly shape: LoadShape;
}

/** Message bytes, but over TLS. */
const MESSAGE_BYTES = 64;
/** What a busy room's turn sends to each member: where encryption, and not the call, begins to count. */
const BATCH_BYTES = 1024;

/** What is kept outstanding in each variant, and what that is called. */
const windows = {
  echo: { sizes: [1, 16], title: "in flight" },
  fanout: { sizes: [1, 16], title: "in flight per publisher" },
  rooms: { sizes: [1, 4], title: "in flight per room" },
  publish: { sizes: [1, 64], title: "in flight per room" },
  tls: { sizes: [1, 16], title: "in flight" },
} as const;

export function variantsOf(scenario: Exclude<Scenario, "memory">, quick: boolean): readonly Variant[] {
  const { sizes, title } = windows[scenario];
  return sizes.map((size) => ({
    key: `${size}`,
    title: `${size} ${title}`,
    shape: shapeOf(scenario, quick, size),
  }));
}

function shapeOf(scenario: Exclude<Scenario, "memory">, quick: boolean, window: number): LoadShape {
  if (scenario === "echo") {
    return { kind: "echo", connections: quick ? 20 : 100, messageBytes: MESSAGE_BYTES, inFlight: window };
  }
  if (scenario === "fanout") return roomsShape(1, quick ? 20 : 500, 4, window);
  // The header of 4 bytes makes it 1,024.
  if (scenario === "tls") return roomsShape(1, quick ? 20 : 500, 1, window, BATCH_BYTES - 4);
  if (scenario === "publish") return roomsShape(quick ? 4 : 16, 1, 1, window);
  return quick ? roomsShape(4, 5, 1, window) : roomsShape(100, 10, 1, window);
}

function roomsShape(
  rooms: number,
  roomMembers: number,
  roomPublishers: number,
  window: number,
  textBytes = MESSAGE_BYTES,
): LoadShape {
  return { kind: "rooms", rooms, roomMembers, roomPublishers, window, textBytes };
}

/** What one counted message is, for the table's heading. */
export const unitOf: Readonly<Record<Exclude<Scenario, "memory">, string>> = {
  echo: "messages/s",
  fanout: "deliveries/s",
  rooms: "deliveries/s",
  publish: "acknowledged/s",
  tls: "deliveries/s",
};

export function titleOf(scenario: Scenario, quick: boolean): string {
  const titles: Readonly<Record<Scenario, string>> = {
    echo: `Echo, ${quick ? 20 : 100} connections, ${MESSAGE_BYTES}-byte messages`,
    fanout: `Fan-out, one room of ${quick ? 20 : 500} members, 4 of them publishing, ${MESSAGE_BYTES}-byte texts`,
    rooms: `Small rooms, ${quick ? "4 of 5" : "100 of 10"} members, one publishing in each, ${MESSAGE_BYTES}-byte texts`,
    publish: `Publishing, ${quick ? 4 : 16} rooms, one publisher in each, ${MESSAGE_BYTES}-byte texts`,
    tls: `Over TLS, one room of ${quick ? 20 : 500} members, one of them publishing, ${BATCH_BYTES}-byte packets`,
    memory: `Memory, ${idleConnections(quick).toLocaleString("en")} idle connections`,
  };
  return titles[scenario];
}

/** Below the limit of 20,000 descriptors that a process often has. */
export function idleConnections(quick: boolean): number {
  return quick ? 100 : 15_000;
}
