import type { ReactElement, RefObject } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { Me, Outcome, PlaceSnapshot } from "../../state/contract.ts";
import { Menu, type MenuItem } from "../primitives/menu.tsx";
import { useView } from "../view-context.ts";
import type { ChatDialog } from "./chat-dialog.ts";

interface PersonMenuProps {
  readonly name: string;
  readonly anchor: RefObject<HTMLElement | null>;
  readonly me: Me;
  readonly place: PlaceSnapshot | undefined;
  readonly onMention: (name: string) => void;
  readonly onDialog: (dialog: ChatDialog) => void;
  /** Carries out what needs no dialog; tells when it was refused. */
  readonly onRun: (action: () => Promise<Outcome>) => void;
  readonly onClose: () => void;
}

/** What can be done with somebody: write, mention, and for those who may, moderate. */
export function PersonMenu(props: PersonMenuProps): ReactElement {
  const { name, anchor, me, place, onMention, onDialog, onRun, onClose } = props;
  const { t } = useI18n();
  const { actions, now, useSlice } = useView();
  const members = useSlice("members");
  const { conversations } = useSlice("sideList");
  const member = members?.members.find((other) => other.name === name);
  const isBlocked = conversations.some(({ peer, isBlocked: blocked }) => peer === name && blocked);
  const isMe = name === me.name;
  const permissions = place?.kind === "room" ? place.permissions : undefined;
  // Not in the list that is loaded: the server decides.
  const mayModerate = !isMe && permissions?.mayModerate === true && member?.mayModerate !== false;
  const mayRole = !isMe && permissions?.maySetRoles === true;

  const items: MenuItem[] = [];
  const add = (isOffered: boolean, item: MenuItem): void => void (isOffered && items.push(item));
  add(!isMe && place?.title !== name, {
    id: "message",
    label: t.members.message,
    icon: "send",
    onSelect: () => actions.openDirect(name),
  });
  add(place?.permissions.maySpeak === true && !isMe, {
    id: "mention",
    label: t.members.mention,
    icon: "at",
    onSelect: () => onMention(name),
  });
  add(mayModerate && (member?.mutedUntilMs ?? 0) <= now(), {
    id: "mute",
    label: t.members.mute,
    icon: "mute",
    startsGroup: true,
    onSelect: () => onDialog({ kind: "moderate", action: "mute", name }),
  });
  add(mayModerate && (member?.mutedUntilMs ?? 0) > now(), {
    id: "unmute",
    label: t.members.unmute,
    icon: "bell",
    startsGroup: true,
    onSelect: () => onRun(() => actions.unmute(name)),
  });
  add(mayModerate, {
    id: "kick",
    label: t.members.kick,
    icon: "door",
    onSelect: () => onDialog({ kind: "moderate", action: "kick", name }),
  });
  add(mayModerate, {
    id: "ban",
    label: t.members.ban,
    icon: "ban",
    isDanger: true,
    onSelect: () => onDialog({ kind: "moderate", action: "ban", name }),
  });
  add(mayRole && member?.role !== "moderator", {
    id: "moderator",
    label: t.members.makeModerator,
    icon: "shield",
    startsGroup: true,
    onSelect: () => onRun(() => actions.setRole(name, "moderator")),
  });
  add(mayRole && member?.role !== "owner", {
    id: "owner",
    label: t.members.makeOwner,
    icon: "shield",
    onSelect: () => onDialog({ kind: "makeOwner", name }),
  });
  add(mayRole && (member?.role === "moderator" || member?.role === "owner"), {
    id: "member",
    label: t.members.makeMember,
    icon: "person",
    onSelect: () => onRun(() => actions.setRole(name, "member")),
  });
  add(!isMe && !me.isGuest, {
    id: "block",
    label: isBlocked ? t.members.unblock : t.members.block,
    icon: "ban",
    isDanger: !isBlocked,
    startsGroup: true,
    onSelect: () => onRun(() => (isBlocked ? actions.unblock(name) : actions.block(name))),
  });
  add(items.length === 0, {
    id: "me",
    label: t.side.account,
    icon: "person",
    onSelect: () => onDialog({ kind: "account" }),
  });
  return <Menu label={t.members.actions(name)} items={items} anchor={anchor} onClose={onClose} />;
}
