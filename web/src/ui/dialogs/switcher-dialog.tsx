import { type KeyboardEvent, type ReactElement, useEffect, useId, useMemo, useRef, useState } from "react";
import { checkRoomName, checkUserName, nameKey } from "../../../../src/protocol/names.ts";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { SideListSnapshot } from "../../state/contract.ts";
import { classNames } from "../class-names.ts";
import { matchNames } from "../composer/completion.ts";
import { Icon } from "../icons.tsx";
import { Avatar } from "../primitives/avatar.tsx";
import { Badge } from "../primitives/badge.tsx";
import { Dialog } from "../primitives/dialog.tsx";
import { RoomIcon } from "../side/room-icon.tsx";

const OFFERED = 12;

interface SwitcherDialogProps {
  readonly sideList: SideListSnapshot;
  /** People who were seen here, beside those there is a conversation with. */
  readonly people: readonly string[];
  readonly onOpen: (key: string) => void;
  readonly onDirect: (name: string) => void;
  readonly onJoin: (room: string) => void;
  readonly onClose: () => void;
}

interface Target {
  readonly id: string;
  readonly picture: ReactElement;
  readonly label: string;
  readonly note: string;
  readonly unread: ReactElement | null;
  readonly go: () => void;
}

/** Goes anywhere by a few letters of its name. */
export function SwitcherDialog(props: SwitcherDialogProps): ReactElement {
  const { sideList, people, onOpen, onDirect, onJoin, onClose } = props;
  const { t } = useI18n();
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const typed = query.trim().replace(/^[@#]/, "");

  const targets = useMemo((): Target[] => {
    const { rooms, conversations } = sideList;
    const known = new Map<string, Target>();
    const unread = (unreadCount: number, mentionCount: number): ReactElement | null =>
      unreadCount === 0 ? null : (
        <Badge
          count={mentionCount > 0 ? mentionCount : unreadCount}
          isMention={mentionCount > 0}
          label={t.side.unread(unreadCount)}
        />
      );
    for (const room of rooms) {
      known.set(room.name, {
        id: room.key,
        picture: <RoomIcon access={room.access} kind={room.kind} isArchived={room.isArchived} />,
        label: room.name,
        note: room.topic,
        unread: unread(room.unreadCount, room.mentionCount),
        go: () => onOpen(room.key),
      });
    }
    // A person may have a room's name: the key tells them apart.
    for (const { key, peer, unreadCount, mentionCount } of conversations) {
      known.set(`${peer}\n`, {
        id: key,
        picture: <Avatar name={peer} size="small" />,
        label: peer,
        note: t.switcher.person,
        unread: unread(unreadCount, mentionCount),
        go: () => onOpen(key),
      });
    }
    for (const name of people) {
      if (known.has(`${name}\n`)) continue;
      known.set(`${name}\n`, {
        id: `person ${name}`,
        picture: <Avatar name={name} size="small" />,
        label: name,
        note: t.switcher.messageTo(name),
        unread: null,
        go: () => onDirect(name),
      });
    }
    // What is unread comes first while nothing is typed.
    const byUnread = [...known.values()].sort(
      (a, b) => Number(b.unread !== null) - Number(a.unread !== null),
    );
    const wanted = new Set(
      matchNames(
        byUnread.map(({ label }) => label),
        typed,
        OFFERED,
      ),
    );
    const found = byUnread.filter(({ label }) => wanted.has(label)).slice(0, OFFERED);
    const isNew = typed !== "" && !found.some(({ label }) => nameKey(label) === nameKey(typed));
    if (isNew && checkUserName(typed).ok) {
      found.push({
        id: "new person",
        picture: <Icon name="person" />,
        label: t.switcher.messageTo(typed),
        note: "",
        unread: null,
        go: () => onDirect(typed),
      });
    }
    if (isNew && checkRoomName(typed).ok) {
      found.push({
        id: "new room",
        picture: <Icon name="door" />,
        label: t.switcher.findRoom(typed),
        note: "",
        unread: null,
        go: () => onJoin(typed),
      });
    }
    return found;
  }, [sideList, people, typed, t, onOpen, onDirect, onJoin]);

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [active]);

  function choose(target: Target | undefined): void {
    if (target === undefined) return;
    onClose();
    target.go();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing || event.nativeEvent.keyCode === 229) return;
    const { length } = targets;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (length > 0) setActive((active + (event.key === "ArrowDown" ? 1 : length - 1)) % length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(targets[active]);
    }
  }

  return (
    <Dialog title={t.switcher.title} closeLabel={t.app.close} onClose={onClose} isFlush className="switcher">
      <div className="switcher-field field-box">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label={t.switcher.field}
          placeholder={t.switcher.field}
          aria-expanded={targets.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={targets.length > 0 ? `${id}-${active}` : undefined}
          autoComplete="off"
          data-autofocus
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul ref={list} id={`${id}-list`} role="listbox" aria-label={t.switcher.title} className="switcher-list">
        {targets.map((target, index) => (
          <li
            key={target.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            className={classNames("switcher-item", index === active && "switcher-item-active")}
            onPointerMove={() => setActive(index)}
            onClick={() => choose(target)}
          >
            {target.picture}
            <span className="switcher-label">{target.label}</span>
            <span className="switcher-note">{target.note}</span>
            {target.unread}
          </li>
        ))}
      </ul>
      {targets.length === 0 && <p className="list-note">{t.switcher.none}</p>}
    </Dialog>
  );
}
