import { type ReactElement, useCallback, useState } from "react";
import { Button } from "../../ui/primitives/button.tsx";
import { useAdmin } from "../admin-context.ts";
import type { AuditEntry } from "../admin-types.ts";
import type { Formats } from "../format.ts";
import type { AdminTexts } from "../i18n/en.ts";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { LoadFailure } from "../parts/load-failure.tsx";
import { usePoll } from "../use-poll.ts";

const PAGE = 50;

/** Who did what to whom, page by page; the newest page follows what happens. */
export function AuditView(): ReactElement {
  const { api, texts, formats } = useAdmin();
  /** 0: the newest page. */
  const [before, setBefore] = useState(0);
  const { data, error } = usePoll(
    useCallback((signal: AbortSignal) => api.audit({ before, limit: PAGE }, signal), [api, before]),
    before === 0 ? 2000 : 0,
  );
  const oldest = data?.entries.at(-1)?.id;

  return (
    <>
      <LoadFailure error={error} />
      <DataTable
        label={texts.views.audit}
        columns={columnsOf(texts, formats)}
        rows={data?.entries}
        keyOf={({ id }) => id}
        empty={texts.audit.empty}
      />
      <div className="pager">
        <Button disabled={before === 0} onClick={() => setBefore(0)}>
          {texts.actions.newest}
        </Button>
        <Button disabled={data?.more !== true || oldest === undefined} onClick={() => setBefore(oldest ?? 0)}>
          {texts.actions.older}
        </Button>
      </div>
    </>
  );
}

function columnsOf(texts: AdminTexts, formats: Formats): Column<AuditEntry>[] {
  const words = texts.audit;
  return [
    { id: "time", label: words.time, cell: ({ timeMs }) => formats.moment(timeMs) },
    { id: "actor", label: words.actor, cell: ({ actor }) => actor },
    {
      id: "action",
      label: words.action,
      isHeading: true,
      cell: ({ action }) => <code>{action}</code>,
    },
    { id: "subject", label: words.subject, cell: ({ subject }) => (subject === "" ? texts.none : subject) },
    { id: "room", label: words.room, cell: ({ room }) => (room === "" ? texts.none : room) },
    { id: "detail", label: words.detail, cell: ({ detail }) => (detail === "" ? texts.none : detail) },
  ];
}
