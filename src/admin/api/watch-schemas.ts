import * as z from "zod";
import { ageMs, bytes, count, lockdownLevel, logLevel, timeMs } from "./common-schemas.ts";

const perSecond = z.number().min(0).describe("per second, over the last five seconds");

/** Quantiles of what happened in the last minute; all 0 when nothing did. */
export const quantiles = z
  .strictObject({
    count: count.describe("how often in the last minute"),
    p50Ms: z.number().min(0),
    p99Ms: z.number().min(0),
    maxMs: z.number().min(0).describe("where it is not known exactly: the upper bound of its bucket"),
  })
  .meta({ id: "Quantiles" });

export const overview = z
  .strictObject({
    server: z.strictObject({
      version: z.string(),
      node: z.string().describe("version of Node.js"),
      platform: z.string().describe('"linux x64"'),
      backend: z.string().describe("the completion port: uring, libuv, …"),
      why: z.string().describe("why this one"),
      pid: z.number().int().positive(),
      startedMs: timeMs,
      uptimeMs: ageMs,
      nowMs: timeMs,
    }),
    addresses: z.strictObject({
      packets: z.string().describe('"127.0.0.1:9000"'),
      http: z.string(),
      admin: z.string().describe("the same as http unless admin.address is set"),
    }),
    readiness: z.enum(["starting", "serving", "draining"]),
    logLevel,
    lockdown: lockdownLevel,
    sessions: z.strictObject({
      tcp: count,
      websocket: count,
      limit: count.describe("connections at once that chatting may have"),
      signedIn: count.describe("sessions that are logged in"),
      slow: count.describe("sessions that are slow now: those that slowOnly gives"),
    }),
    users: count.describe("distinct users who are signed in"),
    rooms: count.describe("rooms that are open: somebody is in them, or was until lately"),
    rates: z.strictObject({
      messagesPublished: perSecond,
      deliveries: perSecond.describe("notices queued for members per second"),
      packetsReceived: perSecond,
      bytesIn: perSecond,
      bytesOut: perSecond,
      logins: perSecond,
      disconnects: perSecond.describe("sessions that ended, whoever ended them, per second"),
    }),
    totals: z.strictObject({
      messagesPublished: count,
      deliveries: count,
      packetsReceived: count,
      bytesIn: bytes,
      bytesOut: bytes,
      logins: count,
      disconnects: count,
      refusals: count.describe("requests that were refused, whatever the reason"),
      storeFailures: count,
      logLinesLost: count.describe("log lines that could not be written"),
    }),
    memory: z.strictObject({
      rssBytes: bytes,
      heapUsedBytes: bytes,
      heapTotalBytes: bytes,
      externalBytes: bytes,
      sendBuffers: z.strictObject({
        usedBytes: bytes,
        allocatedBytes: bytes,
        limitBytes: bytes.describe("engine.arenaLimit"),
      }),
    }),
    queueBytes: bytes.describe("waiting to be sent, all sessions together; a shared range counts for each"),
    commit: quantiles.describe("storage: from handing messages to the store to their commit"),
    fanOut: quantiles.describe("a turn's events for all rooms: encoding and queueing"),
    loopDelay: quantiles.describe("how much later than asked the event loop ran a timer"),
    pendingAppends: count.describe("messages that wait for the store or are with it"),
  })
  .meta({ id: "Overview" });

/** One number for each sample, null where the server did not run or the value is not known. */
const series = z.array(z.number().nullable());

/** Samples of the last hour, oldest first; all arrays are as long as `timesMs`. */
export const history = z
  .strictObject({
    intervalMs: z.number().int().positive().describe("between two samples: 5000"),
    capacity: z.number().int().positive().describe("the most samples that are kept: 720"),
    timesMs: z.array(timeMs),
    series: z.strictObject({
      sessionsTcp: series,
      sessionsWebsocket: series,
      signedIn: series,
      slow: series,
      rooms: series,
      messagesPublished: series.describe("per second"),
      deliveries: series.describe("per second"),
      bytesIn: series.describe("per second"),
      bytesOut: series.describe("per second"),
      logins: series.describe("per second"),
      disconnects: series.describe("per second"),
      rssBytes: series,
      heapUsedBytes: series,
      sendBufferUsedBytes: series,
      queueBytes: series,
      commitP50Ms: series.describe("of the sample's five seconds; null: nothing was committed"),
      commitP99Ms: series,
      fanOutP99Ms: series,
      loopDelayP50Ms: series,
      loopDelayP99Ms: series,
      loopDelayMaxMs: series,
    }),
  })
  .meta({ id: "History" });

/** `sinceMs`: only samples taken after it, for a page that has the earlier ones. */
export const historyQuery = z.strictObject({ sinceMs: z.coerce.number().int().min(0).default(0) });

export type Quantiles = z.output<typeof quantiles>;
export type Overview = z.output<typeof overview>;
export type History = z.output<typeof history>;
