import { type ReactElement, useEffect, useState } from "react";
import { checkRoomName } from "../../../../src/protocol/names.ts";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ChatActions, Failure, FoundRoom } from "../../state/contract.ts";
import { FailureNote } from "../failure-note.tsx";
import { Icon } from "../icons.tsx";
import { Button } from "../primitives/button.tsx";
import { Dialog } from "../primitives/dialog.tsx";
import { Spinner } from "../primitives/spinner.tsx";
import { TextField } from "../primitives/text-field.tsx";
import { RoomIcon } from "../side/room-icon.tsx";
import { useOutcome } from "../use-outcome.ts";
import { RoomPasswordDialog } from "./room-password-dialog.tsx";

/** As many as `findRooms` brings at most: then there may be others. */
const PAGE = 50;
/** After the last key, so that not every letter asks the server. */
const PAUSE_MS = 250;

interface BrowseRoomsDialogProps {
  readonly actions: Pick<ChatActions, "findRooms" | "join">;
  readonly onCreate: (name: string) => void;
  readonly onClose: () => void;
}

/** Rooms that anybody may find, by the beginning of their name. */
export function BrowseRoomsDialog({ actions, onCreate, onClose }: BrowseRoomsDialogProps): ReactElement {
  const { t } = useI18n();
  const [prefix, setPrefix] = useState("");
  const [rooms, setRooms] = useState<readonly FoundRoom[]>();
  const [failure, setFailure] = useState<Failure>();
  const [locked, setLocked] = useState<string>();
  const joining = useOutcome();
  const name = prefix.trim();

  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(
      () => {
        void actions.findRooms(name).then((found) => {
          if (!isCurrent) return;
          setRooms(found.rooms);
          setFailure(found.failure);
        });
      },
      rooms === undefined ? 0 : PAUSE_MS,
    );
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- not by `rooms`: an answer asks nothing
  }, [actions, name]);

  function join(room: Pick<FoundRoom, "name" | "access" | "isMember">): void {
    if (room.access === "password" && !room.isMember) setLocked(room.name);
    else joining.run(() => actions.join(room.name), onClose);
  }

  const isExact = rooms?.some((room) => room.name.toLowerCase() === name.toLowerCase()) === true;
  return (
    <Dialog title={t.browse.title} closeLabel={t.app.close} onClose={onClose} isFlush>
      <div className="browse-head">
        <TextField
          label={t.browse.field}
          isLabelHidden
          placeholder={t.browse.placeholder}
          value={prefix}
          onChange={setPrefix}
          data-autofocus
          autoComplete="off"
        />
        <Button icon="plus" onClick={() => onCreate(name)}>
          {t.browse.create}
        </Button>
      </div>
      {(failure ?? joining.failure) !== undefined && (
        <div className="browse-fault">
          <FailureNote failure={failure ?? joining.failure} />
        </div>
      )}
      {rooms === undefined && failure === undefined ? (
        <p className="list-note">
          <Spinner label={t.search.searching} />
        </p>
      ) : (
        <ul className="found-rooms" aria-label={t.browse.title}>
          {rooms?.map((room) => (
            <li key={room.roomId} className="found-room">
              <RoomIcon access={room.access} kind="logged" isArchived={false} />
              <div className="found-words">
                <p className="found-name">
                  {room.name}
                  {room.isMember && <span className="tag">{t.browse.joined}</span>}
                </p>
                <p className="field-note">
                  {t.browse.people(room.memberCount)}
                  {room.topic !== "" && ` · ${room.topic}`}
                </p>
              </div>
              <Button
                size="small"
                disabled={joining.isBusy}
                aria-label={`${room.isMember ? t.browse.open : t.browse.join}: ${room.name}`}
                onClick={() => join(room)}
              >
                {room.isMember ? t.browse.open : t.browse.join}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {rooms?.length === 0 && <p className="list-note">{t.browse.none}</p>}
      {rooms !== undefined && rooms.length >= PAGE && <p className="list-note">{t.browse.more}</p>}
      {name !== "" && !isExact && checkRoomName(name).ok && (
        <button
          type="button"
          className="browse-by-name"
          onClick={() => join({ name, access: "private", isMember: false })}
        >
          <Icon name="door" size={17} /> {t.browse.byName(name)}
        </button>
      )}
      {locked !== undefined && (
        <RoomPasswordDialog
          room={locked}
          join={(password) => actions.join(locked, password)}
          onDone={onClose}
          onClose={() => setLocked(undefined)}
        />
      )}
    </Dialog>
  );
}
