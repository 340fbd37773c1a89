import type { ReactElement } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { Me, PlaceSnapshot } from "../../state/contract.ts";
import { AccountDialog } from "../dialogs/account-dialog.tsx";
import { BrowseRoomsDialog } from "../dialogs/browse-rooms-dialog.tsx";
import { ConfirmDialog } from "../dialogs/confirm-dialog.tsx";
import { CreateRoomDialog } from "../dialogs/create-room-dialog.tsx";
import { ModerateDialog } from "../dialogs/moderate-dialog.tsx";
import { NameDialog } from "../dialogs/name-dialog.tsx";
import { RoomPasswordDialog } from "../dialogs/room-password-dialog.tsx";
import { RoomSettingsDialog } from "../dialogs/room-settings-dialog.tsx";
import { SanctionsDialog } from "../dialogs/sanctions-dialog.tsx";
import { ShortcutsDialog } from "../dialogs/shortcuts-dialog.tsx";
import { SwitcherDialog } from "../dialogs/switcher-dialog.tsx";
import { useView } from "../view-context.ts";
import type { ChatDialog } from "./chat-dialog.ts";

interface ChatDialogsProps {
  readonly dialog: ChatDialog;
  readonly me: Me;
  readonly place: PlaceSnapshot | undefined;
  /** People who were seen in the open place. */
  readonly people: readonly string[];
  readonly onOpen: (dialog: ChatDialog | undefined) => void;
  readonly onToast: (text: string) => void;
}

/** The dialog that is open, with what it needs. */
export function ChatDialogs(props: ChatDialogsProps): ReactElement | null {
  const { dialog, me, place, people, onOpen, onToast } = props;
  const { t } = useI18n();
  const { actions, now, useSlice } = useView();
  const sideList = useSlice("sideList");
  const preferences = useSlice("preferences");
  const close = (): void => onOpen(undefined);
  const others = people.filter((name) => name !== me.name);

  switch (dialog.kind) {
    case "createRoom":
      return <CreateRoomDialog initialName={dialog.name} create={actions.create} onClose={close} />;
    case "browse":
      return (
        <BrowseRoomsDialog
          actions={actions}
          onCreate={(name) => onOpen({ kind: "createRoom", name })}
          onClose={close}
        />
      );
    case "direct":
      return (
        <NameDialog
          title={t.direct.title}
          label={t.direct.name}
          hint={t.direct.hint}
          submitLabel={t.direct.open}
          known={others}
          submit={(name) => {
            actions.openDirect(name);
            return Promise.resolve({ ok: true });
          }}
          onDone={close}
          onClose={close}
        />
      );
    case "switcher":
      return (
        <SwitcherDialog
          sideList={sideList}
          people={others}
          onOpen={actions.openPlace}
          onDirect={actions.openDirect}
          onJoin={(room) => {
            void actions.join(room).then((outcome) => {
              if (outcome.ok) return;
              if (outcome.failure.code === "ROOM_PASSWORD_WRONG") onOpen({ kind: "roomPassword", room });
              else onToast(t.failures[outcome.failure.code]);
            });
          }}
          onClose={close}
        />
      );
    case "roomPassword":
      return (
        <RoomPasswordDialog
          room={dialog.room}
          join={(password) => actions.join(dialog.room, password)}
          onDone={close}
          onClose={close}
        />
      );
    case "account":
      return <AccountDialog me={me} preferences={preferences} actions={actions} now={now} onClose={close} />;
    case "shortcuts":
      return <ShortcutsDialog onClose={close} />;
    case "remove":
      return (
        <ConfirmDialog
          title={t.messages.removeTitle}
          description={t.messages.removeHint}
          confirmLabel={t.messages.remove}
          isDanger
          // Without a connection it is done later: the list shows that, and a notice if it is refused.
          confirm={() => {
            void actions.remove(dialog.message.offset);
            return Promise.resolve({ ok: true });
          }}
          onClose={close}
        />
      );
    default:
      return place === undefined ? null : (
        <PlaceDialogs {...props} dialog={dialog} place={place} others={others} />
      );
  }
}

type PlaceDialog = Extract<
  ChatDialog,
  { kind: "settings" | "invite" | "sanctions" | "leave" | "moderate" | "makeOwner" }
>;

/** Those that are about the open place. */
function PlaceDialogs({
  dialog,
  place,
  others,
  onOpen,
  onToast,
}: ChatDialogsProps & {
  readonly dialog: ChatDialog;
  readonly place: PlaceSnapshot;
  readonly others: readonly string[];
}): ReactElement | null {
  const { t } = useI18n();
  const { actions, now } = useView();
  const close = (): void => onOpen(undefined);
  const shown = dialog as PlaceDialog;
  switch (shown.kind) {
    case "settings":
      return place.settings === undefined ? null : (
        <RoomSettingsDialog place={place} settings={place.settings} actions={actions} onClose={close} />
      );
    case "invite":
      return (
        <NameDialog
          title={t.invite.title(place.title)}
          label={t.invite.name}
          hint={t.direct.hint}
          submitLabel={t.invite.invite}
          known={others}
          submit={(name) => actions.invite(name)}
          onDone={(name) => {
            close();
            onToast(t.invite.done(name));
          }}
          onClose={close}
        />
      );
    case "sanctions":
      return <SanctionsDialog actions={actions} now={now} onClose={close} />;
    case "leave":
      return (
        <ConfirmDialog
          title={shown.giveUp ? t.leave.giveUpTitle(place.title) : t.leave.title(place.title)}
          description={shown.giveUp ? t.leave.giveUpHint : t.leave.hint}
          confirmLabel={shown.giveUp ? t.leave.giveUp : t.leave.leave}
          isDanger={shown.giveUp}
          confirm={() => actions.leave(place.key, shown.giveUp)}
          onClose={close}
        />
      );
    case "moderate":
      return <ModerateDialog action={shown.action} name={shown.name} actions={actions} onClose={close} />;
    case "makeOwner":
      return (
        <ConfirmDialog
          title={t.moderate.roleTitle(shown.name)}
          description={t.moderate.roleHint}
          confirmLabel={t.moderate.makeOwner}
          confirm={() => actions.setRole(shown.name, "owner")}
          onClose={close}
        />
      );
  }
}
