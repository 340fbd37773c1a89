import { type FormEvent, type ReactElement, useCallback, useState } from "react";
import { Button } from "../../ui/primitives/button.tsx";
import { TextField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";
import { FOR_EVER_MS, type Sanction } from "../admin-types.ts";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { FormDialog } from "../parts/form-dialog.tsx";
import { LoadFailure } from "../parts/load-failure.tsx";
import { Pill } from "../parts/pill.tsx";
import { useAction } from "../use-action.ts";
import { usePoll } from "../use-poll.ts";
import { AddressDialog } from "./address-dialog.tsx";

/** Who is muted or banned: in the whole server, or in one room. */
export function SanctionsView({ startRoom }: { readonly startRoom: string }): ReactElement {
  const { api, texts } = useAdmin();
  const words = texts.sanctions;
  const [typed, setTyped] = useState(startRoom);
  const [room, setRoom] = useState(startRoom);
  const [isBanning, setBanning] = useState(false);
  const [lifting, setLifting] = useState<Sanction>();
  const { data, error, refresh } = usePoll(
    useCallback((signal: AbortSignal) => api.sanctions(room, signal), [api, room]),
    2000,
  );

  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    setRoom(typed.trim());
  }

  return (
    <>
      <form className="toolbar" onSubmit={onSubmit}>
        <TextField
          label={words.room}
          hint={words.roomHint}
          value={typed}
          onChange={setTyped}
          maxLength={64}
        />
        <Button type="submit">{words.show}</Button>
        <Button kind="primary" onClick={() => setBanning(true)}>
          {words.banAddress}
        </Button>
      </form>
      <LoadFailure error={error} />
      {room !== "" && <p className="admin-note">{words.inRoomNote}</p>}
      <DataTable
        label={texts.views.sanctions}
        columns={useColumns(room === "" ? setLifting : undefined)}
        // What was answered for another room is not shown under this one's name.
        rows={error === undefined ? data?.sanctions : []}
        keyOf={({ subject, kind }) => `${kind} ${subject}`}
        empty={words.empty}
      />
      {isBanning && <AddressDialog startCidr="" onClose={() => setBanning(false)} onDone={refresh} />}
      {lifting !== undefined && (
        <LiftDialog sanction={lifting} onClose={() => setLifting(undefined)} onDone={refresh} />
      )}
    </>
  );
}

function useColumns(lift: ((sanction: Sanction) => void) | undefined): Column<Sanction>[] {
  const { texts, formats } = useAdmin();
  const words = texts.sanctions;
  const columns: Column<Sanction>[] = [
    { id: "subject", label: words.subject, isHeading: true, cell: ({ subject }) => <b>{subject}</b> },
    {
      id: "kind",
      label: words.kind,
      cell: ({ kind }) => <Pill tone={kind === "ban" ? "danger" : "warning"}>{words.kinds[kind]}</Pill>,
    },
    {
      id: "until",
      label: words.until,
      cell: ({ untilMs }) => (untilMs >= FOR_EVER_MS ? texts.untilTakenBack : formats.moment(untilMs)),
    },
    { id: "reason", label: words.reason, cell: ({ reason }) => (reason === "" ? texts.none : reason) },
    { id: "by", label: words.by, cell: ({ by }) => by },
  ];
  if (lift === undefined) return columns;
  return [
    ...columns,
    {
      id: "tools",
      label: texts.sessions.tools,
      isLabelHidden: true,
      cell: (sanction) => (
        <span className="row-tools">
          <Button
            size="small"
            aria-label={words.liftOne(words.kinds[sanction.kind], sanction.subject)}
            onClick={() => lift(sanction)}
          >
            {words.lift}
          </Button>
        </span>
      ),
    },
  ];
}

interface LiftDialogProps {
  readonly sanction: Sanction;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function LiftDialog({ sanction, onClose, onDone }: LiftDialogProps): ReactElement {
  const { api, texts } = useAdmin();
  const words = texts.sanctions;
  const { subject, kind } = sanction;
  const action = useAction();

  async function submit(): Promise<void> {
    const isDone = await action.start(async () => {
      // A range is kept with its length, and "/" is in no name.
      if (subject.includes("/")) await api.banAddress({ cidr: subject, lift: true });
      else await api.actOnUser({ name: subject, action: kind === "ban" ? "unban" : "unmute" });
      return words.lifted(subject);
    });
    if (!isDone) return;
    onDone();
    onClose();
  }

  return (
    <FormDialog
      title={words.liftOne(words.kinds[kind], subject)}
      description={words.liftText(subject)}
      submitLabel={words.lift}
      isBusy={action.isBusy}
      failure={action.failure}
      onSubmit={() => void submit()}
      onClose={onClose}
    />
  );
}
