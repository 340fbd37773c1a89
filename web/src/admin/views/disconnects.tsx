import { type ReactElement, useCallback, useState } from "react";
import { Button } from "../../ui/primitives/button.tsx";
import { useAdmin } from "../admin-context.ts";
import type { Disconnect } from "../admin-types.ts";
import type { Formats } from "../format.ts";
import { hostOf } from "../host-of.ts";
import type { AdminTexts } from "../i18n/en.ts";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { LoadFailure } from "../parts/load-failure.tsx";
import { usePoll } from "../use-poll.ts";
import { AddressDialog } from "./address-dialog.tsx";

/** Sessions that ended, and why. */
export function DisconnectsView(): ReactElement {
  const { api, texts, formats } = useAdmin();
  const words = texts.disconnects;
  const [banning, setBanning] = useState<string>();
  const { data, error, refresh } = usePoll(
    useCallback((signal: AbortSignal) => api.disconnects(signal), [api]),
    1000,
  );
  const totals = Object.entries(data?.totals ?? {}).sort(([, left], [, right]) => right - left);
  const most = totals[0]?.[1] ?? 1;

  return (
    <>
      <LoadFailure error={error} />
      <section aria-labelledby="by-code">
        <h2 id="by-code">{words.byCode}</h2>
        {data !== undefined && totals.length === 0 && <p className="admin-note">{words.none}</p>}
        <dl className="bars">
          {totals.map(([code, count]) => (
            <div key={code}>
              <dt>
                {code} {code === "NONE" && <span className="muted">{words.noCode}</span>}
              </dt>
              <dd>
                <meter min={0} max={most} value={count} aria-hidden="true" />
                <span>{formats.count(count)}</span>
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <section aria-labelledby="recent">
        <h2 id="recent">{words.recent}</h2>
        <DataTable
          label={words.recent}
          columns={columnsOf(texts, formats, setBanning)}
          rows={withKeys(data?.recent)}
          keyOf={({ key }) => key}
          empty={words.none}
        />
      </section>
      {banning !== undefined && (
        <AddressDialog startCidr={banning} onClose={() => setBanning(undefined)} onDone={refresh} />
      )}
    </>
  );
}

interface KeyedDisconnect extends Disconnect {
  readonly key: string;
}

/** Two may have ended in one millisecond: the oldest of them is the first, whatever comes before. */
function withKeys(recent: readonly Disconnect[] | undefined): KeyedDisconnect[] | undefined {
  if (recent === undefined) return undefined;
  const seen = new Map<string, number>();
  return recent
    .toReversed()
    .map((one) => {
      const name = `${one.timeMs} ${one.address} ${one.code}`;
      const index = seen.get(name) ?? 0;
      seen.set(name, index + 1);
      return { ...one, key: `${name} ${index}` };
    })
    .toReversed();
}

function columnsOf(
  texts: AdminTexts,
  formats: Formats,
  ban: (address: string) => void,
): Column<KeyedDisconnect>[] {
  const words = texts.disconnects;
  return [
    { id: "time", label: words.time, cell: ({ timeMs }) => formats.time(timeMs) },
    {
      id: "code",
      label: words.code,
      isHeading: true,
      cell: ({ code, number }) => (
        <>
          <b>{code}</b> <span className="muted">{code === "NONE" ? words.noCode : number}</span>
        </>
      ),
    },
    {
      id: "user",
      label: words.user,
      cell: ({ user }) => (user === "" ? <i>{texts.sessions.notSignedIn}</i> : user),
    },
    {
      id: "address",
      label: words.address,
      cell: ({ address, transport }) => (
        <>
          <span className="mono">{address}</span>
          <small>{transport === "tcp" ? "TCP" : "WebSocket"}</small>
        </>
      ),
    },
    { id: "detail", label: words.detail, cell: ({ detail }) => (detail === "" ? texts.none : detail) },
    {
      id: "tools",
      label: texts.sessions.tools,
      isLabelHidden: true,
      cell: ({ address }) => (
        <span className="row-tools">
          <Button
            size="small"
            aria-label={words.banOne(hostOf(address))}
            onClick={() => ban(hostOf(address))}
          >
            {words.banAddress}
          </Button>
        </span>
      ),
    },
  ];
}
