import { type FormEvent, type ReactElement, useCallback, useState } from "react";
import { Button } from "../../ui/primitives/button.tsx";
import { TextField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";
import type { Room } from "../admin-types.ts";
import type { Formats } from "../format.ts";
import type { AdminTexts } from "../i18n/en.ts";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { LoadFailure } from "../parts/load-failure.tsx";
import { Pill } from "../parts/pill.tsx";
import { usePoll } from "../use-poll.ts";
import { useSettled } from "../use-settled.ts";
import { RoomDialog } from "./room-dialog.tsx";

const PAGE = 100;
const LIMIT = 500;

/** Rooms by name, their settings behind a button. */
export function RoomsView(): ReactElement {
  const { api, texts, formats } = useAdmin();
  const words = texts.rooms;
  const [typed, setTyped] = useState("");
  const [limit, setLimit] = useState(PAGE);
  const [opened, setOpened] = useState<string>();
  const prefix = useSettled(typed.trim());

  const { data, error, refresh } = usePoll(
    useCallback(
      (signal: AbortSignal) => api.rooms({ prefix, after: "", limit }, signal),
      [api, prefix, limit],
    ),
    1000,
  );

  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    const name = typed.trim();
    if (name !== "") setOpened(name);
  }

  return (
    <>
      <form className="toolbar" role="search" onSubmit={onSubmit}>
        <TextField
          label={words.search}
          hint={words.openHint}
          type="search"
          value={typed}
          onChange={setTyped}
          maxLength={64}
        />
        <Button type="submit" disabled={typed.trim() === ""}>
          {words.open}
        </Button>
      </form>
      <LoadFailure error={error} />
      <DataTable
        label={texts.views.rooms}
        columns={columnsOf(texts, formats, setOpened)}
        rows={data?.rooms}
        keyOf={({ id }) => id}
        empty={words.empty}
      />
      {data?.more === true && limit < LIMIT && (
        <Button onClick={() => setLimit(Math.min(LIMIT, limit + PAGE))}>{texts.actions.more}</Button>
      )}
      {opened !== undefined && (
        <RoomDialog key={opened} name={opened} onClose={() => setOpened(undefined)} onDone={refresh} />
      )}
    </>
  );
}

function columnsOf(texts: AdminTexts, formats: Formats, open: (name: string) => void): Column<Room>[] {
  const words = texts.rooms;
  return [
    {
      id: "name",
      label: words.name,
      isHeading: true,
      cell: ({ name, topic, archived }) => (
        <>
          <b>{name}</b> {archived && <Pill tone="plain">{words.archived}</Pill>}
          {topic !== "" && <small>{topic}</small>}
        </>
      ),
    },
    {
      id: "members",
      label: words.members,
      isNumber: true,
      cell: ({ memberCount }) => formats.count(memberCount),
    },
    {
      id: "messages",
      label: words.messages,
      isNumber: true,
      cell: ({ lastOffset }) => formats.count(lastOffset),
    },
    {
      id: "last",
      label: words.last,
      cell: ({ lastTimeMs }) => (lastTimeMs === 0 ? texts.none : formats.moment(lastTimeMs)),
    },
    { id: "access", label: words.access, cell: ({ access }) => words.accesses[access] },
    { id: "kind", label: words.kind, cell: ({ kind }) => words.kinds[kind] },
    {
      id: "tools",
      label: texts.sessions.tools,
      isLabelHidden: true,
      cell: ({ name, kind }) => (
        <span className="row-tools">
          {kind === "logged" ? (
            <Button size="small" aria-label={words.settingsOf(name)} onClick={() => open(name)}>
              {words.settings}
            </Button>
          ) : (
            <small>{words.memoryNote}</small>
          )}
        </span>
      ),
    },
  ];
}
