import { type ReactElement, useCallback, useState } from "react";
import { Button } from "../../ui/primitives/button.tsx";
import { TextField } from "../../ui/primitives/text-field.tsx";
import { AdminApiError } from "../admin-client.ts";
import { useAdmin } from "../admin-context.ts";
import { FOR_EVER_MS, type User } from "../admin-types.ts";
import type { Formats } from "../format.ts";
import type { AdminTexts } from "../i18n/en.ts";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { LoadFailure } from "../parts/load-failure.tsx";
import { Pill } from "../parts/pill.tsx";
import { usePoll } from "../use-poll.ts";
import { useSettled } from "../use-settled.ts";
import { UserDialog } from "./user-dialog.tsx";

const PAGE = 100;
const LIMIT = 500;

/** Accounts by name, and what is done about them. */
export function UsersView(): ReactElement {
  const { api, texts } = useAdmin();
  const words = texts.users;
  const [typed, setTyped] = useState("");
  const [limit, setLimit] = useState(PAGE);
  const [managing, setManaging] = useState<string>();
  const wanted = useSettled(typed.trim());

  const { data, error, refresh } = usePoll(
    useCallback(
      async (signal: AbortSignal) => {
        const [exact, page] = await Promise.all([
          wanted === "" ? undefined : findUser(api.user(wanted, signal)),
          api.users({ after: wanted, limit }, signal),
        ]);
        const users = exact === undefined ? page.users : [exact, ...page.users];
        return { users, more: page.more, isMissing: wanted !== "" && exact === undefined };
      },
      [api, wanted, limit],
    ),
    2000,
  );

  return (
    <>
      <form className="toolbar" role="search" onSubmit={(event) => event.preventDefault()}>
        <TextField
          label={words.find}
          hint={words.findHint}
          type="search"
          value={typed}
          onChange={setTyped}
          maxLength={64}
        />
      </form>
      <LoadFailure error={error} />
      {data?.isMissing === true && <p className="admin-note">{words.notFound(wanted)}</p>}
      <DataTable
        label={texts.views.users}
        columns={columnsOf(texts, useAdmin().formats, setManaging)}
        rows={data?.users}
        keyOf={({ id }) => id}
        empty={words.empty}
      />
      {data?.more === true && limit < LIMIT && (
        <Button onClick={() => setLimit(Math.min(LIMIT, limit + PAGE))}>{texts.actions.more}</Button>
      )}
      {managing !== undefined && (
        <UserDialog
          name={managing}
          startAction={startActionFor(data?.users.find(({ name }) => name === managing))}
          onClose={() => setManaging(undefined)}
          onDone={refresh}
        />
      )}
    </>
  );
}

/** undefined: there is none of this name, or it is no name at all. */
async function findUser(asked: Promise<User>): Promise<User | undefined> {
  try {
    return await asked;
  } catch (error) {
    const isNobody = error instanceof AdminApiError && (error.status === 404 || error.status === 400);
    if (isNobody) return undefined;
    throw error;
  }
}

/** What is most likely wanted: to lift what there is. */
function startActionFor(user: User | undefined): "unban" | "unmute" | "mute" {
  if (user !== undefined && user.bannedUntilMs > 0) return "unban";
  return user !== undefined && user.mutedUntilMs > 0 ? "unmute" : "mute";
}

function columnsOf(texts: AdminTexts, formats: Formats, manage: (name: string) => void): Column<User>[] {
  const words = texts.users;
  const until = (timeMs: number): string =>
    timeMs >= FOR_EVER_MS ? texts.untilTakenBack : texts.until(formats.moment(timeMs));
  return [
    {
      id: "name",
      label: words.name,
      isHeading: true,
      cell: ({ name, displayName }) => (
        <>
          <b>{name}</b>
          {displayName !== "" && displayName !== name && <small>{displayName}</small>}
        </>
      ),
    },
    {
      id: "role",
      label: words.role,
      cell: ({ isAdmin }) => (isAdmin ? <Pill tone="good">{words.admin}</Pill> : words.member),
    },
    { id: "created", label: words.created, cell: ({ createdMs }) => formats.moment(createdMs) },
    {
      id: "sanctions",
      label: `${words.muted} / ${words.banned}`,
      cell: ({ mutedUntilMs, bannedUntilMs, reason }) =>
        mutedUntilMs === 0 && bannedUntilMs === 0 ? (
          texts.none
        ) : (
          <>
            {bannedUntilMs > 0 && (
              <span>
                <Pill tone="danger">{words.banned}</Pill> {until(bannedUntilMs)}
              </span>
            )}
            {mutedUntilMs > 0 && (
              <span>
                <Pill tone="warning">{words.muted}</Pill> {until(mutedUntilMs)}
              </span>
            )}
            {reason !== "" && <small>{reason}</small>}
          </>
        ),
    },
    {
      id: "tools",
      label: texts.sessions.tools,
      isLabelHidden: true,
      cell: ({ name }) => (
        <span className="row-tools">
          <Button size="small" aria-label={words.dialog(name)} onClick={() => manage(name)}>
            {words.manage}
          </Button>
        </span>
      ),
    },
  ];
}
