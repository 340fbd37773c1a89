import { memo, type ReactElement, type ReactNode, useCallback, useRef } from "react";
import { useAdmin, wordsOf } from "../admin-context.ts";
import type { History, Overview, Quantiles } from "../admin-types.ts";
import { joinHistory, lastSampleMs, pointsOf, type SeriesName } from "../history-window.ts";
import { Plot } from "../parts/plot.tsx";
import { usePoll } from "../use-poll.ts";

const HOUR_MS = 3_600_000;
const HISTORY_POLL_MS = 5000;

/** Numbers of this moment, and lines of the last hour. */
export function OverviewView({ overview }: { readonly overview: Overview | undefined }): ReactElement {
  const { texts } = useAdmin();
  return (
    <>
      <section aria-label={texts.overview.now}>
        {overview === undefined ? <p className="admin-note">{texts.loading}</p> : <Now overview={overview} />}
      </section>
      <section aria-labelledby="hour">
        <h2 id="hour">{texts.overview.lastHour}</h2>
        <LastHour />
      </section>
    </>
  );
}

function Now({ overview }: { readonly overview: Overview }): ReactElement {
  const { texts, formats } = useAdmin();
  const words = texts.overview;
  const { sessions, rates, totals, memory } = overview;
  const { count, rate, bytes, duration } = formats;
  return (
    <dl className="tiles">
      <Tile label={words.sessions} note={words.sessionsOf(count(sessions.limit))}>
        {count(sessions.tcp + sessions.websocket)}
      </Tile>
      <Tile label={words.signedIn} note={words.users(count(overview.users))}>
        {count(sessions.signedIn)}
      </Tile>
      <Tile
        label={words.slow}
        isAlarm={sessions.slow > 0}
        note={sessions.slow > 0 && <a href="#sessions/slow">{words.slowLink}</a>}
      >
        {count(sessions.slow)}
      </Tile>
      <Tile label={words.rooms}>{count(overview.rooms)}</Tile>
      <Tile label={words.published} note={words.total(count(totals.messagesPublished))}>
        {rate(rates.messagesPublished)}
      </Tile>
      <Tile label={words.deliveries} note={words.total(count(totals.deliveries))}>
        {rate(rates.deliveries)}
      </Tile>
      <Tile label={words.sent} note={words.total(bytes(totals.bytesOut))}>
        {bytes(rates.bytesOut)}/s
      </Tile>
      <Tile label={words.received} note={words.total(bytes(totals.bytesIn))}>
        {bytes(rates.bytesIn)}/s
      </Tile>
      <Tile label={words.queues}>{bytes(overview.queueBytes)}</Tile>
      <QuantileTile
        label={words.commit}
        of={overview.commit}
        {...(overview.pendingAppends > 0 ? { note: words.pending(count(overview.pendingAppends)) } : {})}
      />
      <QuantileTile label={words.fanOut} of={overview.fanOut} />
      <QuantileTile label={words.loopDelay} of={overview.loopDelay} />
      <Tile label={words.memory} note={words.heap(bytes(memory.heapUsedBytes))}>
        {bytes(memory.rssBytes)}
      </Tile>
      <Tile label={words.sendBuffers} note={words.ofLimit(bytes(memory.sendBuffers.limitBytes))}>
        {bytes(memory.sendBuffers.usedBytes)}
      </Tile>
      <Tile label={words.uptime}>{duration(overview.server.uptimeMs)}</Tile>
      <Tile label={words.refusals}>{count(totals.refusals)}</Tile>
      {totals.storeFailures > 0 && (
        <Tile label={words.storeFailures} isAlarm>
          {count(totals.storeFailures)}
        </Tile>
      )}
      {totals.logLinesLost > 0 && (
        <Tile label={words.logLinesLost} isAlarm>
          {count(totals.logLinesLost)}
        </Tile>
      )}
    </dl>
  );
}

interface TileProps {
  readonly label: string;
  readonly note?: ReactNode;
  readonly isAlarm?: boolean;
  readonly children: ReactNode;
}

function Tile({ label, note, isAlarm = false, children }: TileProps): ReactElement {
  return (
    <div className={isAlarm ? "tile tile-alarm" : "tile"}>
      <dt>{label}</dt>
      <dd>{children}</dd>
      {note !== undefined && note !== false && <dd className="tile-note">{note}</dd>}
    </div>
  );
}

interface QuantileTileProps {
  readonly label: string;
  readonly of: Quantiles;
  /** Instead of the median. */
  readonly note?: string;
}

function QuantileTile({ label, of, note }: QuantileTileProps): ReactElement {
  const { texts, formats } = useAdmin();
  const words = texts.overview;
  if (of.count === 0) {
    return (
      <Tile label={label} note={note ?? words.nothingMeasured}>
        {texts.none}
      </Tile>
    );
  }
  return (
    <Tile label={label} note={note ?? words.median(formats.duration(of.p50Ms))}>
      {formats.duration(of.p99Ms)}
    </Tile>
  );
}

/** Its own, so that a number that changes each second does not draw the lines anew. */
const LastHour = memo(function LastHour(): ReactElement {
  const { api, texts, formats } = useAdmin();
  const kept = useRef<History>(undefined);
  const load = useCallback(
    async (signal: AbortSignal): Promise<History> => {
      kept.current = joinHistory(kept.current, await api.history(lastSampleMs(kept.current), signal));
      return kept.current;
    },
    [api],
  );
  const { data, error } = usePoll(load, HISTORY_POLL_MS);
  if (data === undefined) {
    return (
      <p className="admin-note" role={error === undefined ? undefined : "alert"}>
        {error === undefined ? texts.loading : wordsOf(error, texts, formats)}
      </p>
    );
  }
  const toMs = lastSampleMs(data);
  const words = texts.plots;
  const { number, bytes, duration } = formats;
  const plot = (
    title: string,
    format: (value: number) => string,
    ...lines: readonly (readonly [label: string, name: SeriesName])[]
  ): ReactElement => (
    <Plot
      key={title}
      title={title}
      format={format}
      fromMs={toMs - HOUR_MS}
      toMs={toMs}
      longestStepMs={data.intervalMs * 2.5}
      series={lines.map(([label, name]) => ({ label, points: pointsOf(data, name) }))}
    />
  );
  return (
    <div className="plots">
      {plot(
        words.sessions,
        number,
        [words.websocket, "sessionsWebsocket"],
        [words.tcp, "sessionsTcp"],
        [words.slow, "slow"],
      )}
      {plot(words.messages, number, [words.deliveries, "deliveries"], [words.published, "messagesPublished"])}
      {plot(words.traffic, bytes, [words.out, "bytesOut"], [words.in, "bytesIn"])}
      {plot(words.queues, bytes, [words.queueBytes, "queueBytes"])}
      {plot(words.commit, duration, [words.p99, "commitP99Ms"], [words.p50, "commitP50Ms"])}
      {plot(
        words.loop,
        duration,
        [words.p99, "loopDelayP99Ms"],
        [words.p50, "loopDelayP50Ms"],
        [words.fanOut, "fanOutP99Ms"],
      )}
      {plot(
        words.memory,
        bytes,
        [words.rss, "rssBytes"],
        [words.heap, "heapUsedBytes"],
        [words.sendBuffers, "sendBufferUsedBytes"],
      )}
      {plot(words.ends, number, [words.logins, "logins"], [words.disconnects, "disconnects"])}
    </div>
  );
});
