import { type ReactElement, useCallback, useEffect, useState } from "react";
import { Button } from "../../ui/primitives/button.tsx";
import { SelectField, TextField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";
import type { Session, SessionSort } from "../admin-types.ts";
import type { Formats } from "../format.ts";
import type { AdminTexts } from "../i18n/en.ts";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { LoadFailure } from "../parts/load-failure.tsx";
import { Pill } from "../parts/pill.tsx";
import { usePoll } from "../use-poll.ts";
import { useSettled } from "../use-settled.ts";
import { KickDialog } from "./kick-dialog.tsx";
import { UserDialog } from "./user-dialog.tsx";

const PAGE = 100;
const LIMIT = 1000;
const MEASURE_MS = 5000;
const sorts: readonly SessionSort[] = ["age", "queue", "roundTrip", "user"];

/** Who is connected, and who is slow and why. */
export function SessionsView({ startsSlowOnly }: { readonly startsSlowOnly: boolean }): ReactElement {
  const { api, texts, formats } = useAdmin();
  const words = texts.sessions;
  const [typed, setTyped] = useState("");
  const [slowOnly, setSlowOnly] = useState(startsSlowOnly);
  const [sort, setSort] = useState<SessionSort>(startsSlowOnly ? "queue" : "age");
  const [limit, setLimit] = useState(PAGE);
  const [kicking, setKicking] = useState<Session>();
  const [managing, setManaging] = useState<string>();
  const search = useSettled(typed.trim());

  const { data, error, refresh } = usePoll(
    useCallback(
      (signal: AbortSignal) => api.sessions({ search, slowOnly, sort, limit }, signal),
      [api, search, slowOnly, sort, limit],
    ),
    1000,
  );
  useRoundTrips(data?.sessions);

  return (
    <>
      <form className="toolbar" role="search" onSubmit={(event) => event.preventDefault()}>
        <TextField label={words.search} type="search" value={typed} onChange={setTyped} maxLength={128} />
        <SelectField
          label={words.sort}
          value={sort}
          onChange={setSort}
          options={sorts.map((value) => ({ value, label: words.sorts[value] }))}
        />
        <label className="check">
          <input type="checkbox" checked={slowOnly} onChange={(event) => setSlowOnly(event.target.checked)} />
          <span>{words.slowOnly}</span>
        </label>
        {data !== undefined && (
          <p className="toolbar-note">
            {texts.shown(formats.count(data.sessions.length), formats.count(data.total))}
          </p>
        )}
      </form>
      <LoadFailure error={error} />
      <DataTable
        label={texts.views.sessions}
        columns={columnsOf(texts, formats, setKicking, setManaging)}
        rows={data?.sessions}
        keyOf={({ session }) => session}
        empty={words.empty}
        rowClass={({ slow }) => (slow === "" ? undefined : "is-slow")}
      />
      {data !== undefined && data.total > data.sessions.length && limit < LIMIT && (
        <Button onClick={() => setLimit(Math.min(LIMIT, limit + PAGE))}>{texts.actions.more}</Button>
      )}
      {kicking !== undefined && (
        <KickDialog session={kicking} onClose={() => setKicking(undefined)} onDone={refresh} />
      )}
      {managing !== undefined && (
        <UserDialog
          name={managing}
          startAction="mute"
          onClose={() => setManaging(undefined)}
          onDone={refresh}
        />
      )}
    </>
  );
}

/** Has what is shown measured: a later answer has the round trips. */
function useRoundTrips(sessions: readonly Session[] | undefined): void {
  const { api } = useAdmin();
  const keys = (sessions ?? []).map(({ session }) => session);
  const shown = [...keys].sort((left, right) => left - right).join(" ");
  useEffect(() => {
    if (shown === "") return undefined;
    const measure = (): void => {
      if (document.hidden) return;
      // What it fails for, the next question of the view tells.
      api.measureRoundTrips(shown.split(" ").map(Number)).catch(() => undefined);
    };
    measure();
    const timer = setInterval(measure, MEASURE_MS);
    return () => clearInterval(timer);
  }, [api, shown]);
}

function columnsOf(
  texts: AdminTexts,
  formats: Formats,
  kick: (session: Session) => void,
  manage: (name: string) => void,
): Column<Session>[] {
  const words = texts.sessions;
  return [
    { id: "user", label: words.user, isHeading: true, cell: (session) => <Who session={session} /> },
    {
      id: "address",
      label: words.address,
      cell: ({ address, transport, backend }) => (
        <>
          <span className="mono">{address}</span>
          <small>
            {transport === "tcp" ? "TCP" : "WebSocket"} · {backend}
          </small>
        </>
      ),
    },
    {
      id: "connected",
      label: words.connected,
      isNumber: true,
      cell: ({ connectedMs, silentMs }) => (
        <>
          {formats.duration(connectedMs)}
          {silentMs >= 10_000 && <small>{words.silent(formats.duration(silentMs))}</small>}
        </>
      ),
    },
    {
      id: "queue",
      label: words.queue,
      isNumber: true,
      cell: ({ queuedBytes, queueAgeMs }) =>
        queuedBytes === 0 ? (
          texts.none
        ) : (
          <>
            {formats.bytes(queuedBytes)}
            {queueAgeMs >= 100 && <small>{words.queueAge(formats.duration(queueAgeMs))}</small>}
          </>
        ),
    },
    {
      id: "roundTrip",
      label: words.roundTrip,
      isNumber: true,
      cell: ({ roundTripMs }) => (roundTripMs < 0 ? texts.none : formats.duration(roundTripMs)),
    },
    {
      id: "rooms",
      label: words.rooms,
      isNumber: true,
      cell: ({ rooms, laggingRooms }) => (
        <>
          {formats.count(rooms)}
          {laggingRooms > 0 && <small>{words.lagging(formats.count(laggingRooms))}</small>}
        </>
      ),
    },
    {
      id: "why",
      label: words.why,
      cell: ({ slow }) => (slow === "" ? texts.none : <span className="slow-reason">{slow}</span>),
    },
    {
      id: "tools",
      label: words.tools,
      isLabelHidden: true,
      cell: (session) => (
        <span className="row-tools">
          {session.user !== "" && (
            <Button
              size="small"
              aria-label={words.manageOne(session.user)}
              onClick={() => manage(session.user)}
            >
              {words.manage}
            </Button>
          )}
          <Button
            size="small"
            aria-label={words.kickOne(session.user === "" ? session.address : session.user)}
            onClick={() => kick(session)}
          >
            {words.kick}
          </Button>
        </span>
      ),
    },
  ];
}

function Who({ session }: { readonly session: Session }): ReactElement {
  const { texts } = useAdmin();
  const words = texts.sessions;
  const { user, displayName, isGuest, isAdmin, state } = session;
  if (user === "") {
    return (
      <>
        <i>{words.notSignedIn}</i>
        <small>{state}</small>
      </>
    );
  }
  return (
    <>
      <b>{user}</b> {isAdmin && <Pill tone="good">{words.admin}</Pill>}
      {isGuest && <Pill tone="plain">{words.guest}</Pill>}
      {displayName !== "" && displayName !== user && <small>{displayName}</small>}
    </>
  );
}
