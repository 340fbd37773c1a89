import { type ReactElement, useRef, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ConnectionStatus, Me } from "../../state/contract.ts";
import { Icon } from "../icons.tsx";
import { Avatar } from "../primitives/avatar.tsx";
import { Menu } from "../primitives/menu.tsx";

export interface ProfileActions {
  readonly account: () => void;
  readonly shortcuts: () => void;
  readonly switcher: () => void;
  readonly signOut: () => void;
}

interface ProfileBarProps {
  readonly me: Me;
  readonly connection: ConnectionStatus;
  readonly actions: ProfileActions;
}

/** Oneself, at the foot of the side list: connected or not, and what can be set. */
export function ProfileBar({ me, connection, actions }: ProfileBarProps): ReactElement {
  const { t } = useI18n();
  const [isOpen, setOpen] = useState(false);
  const wasOpen = useRef(false);
  const anchor = useRef<HTMLButtonElement>(null);
  const isOnline = connection.phase === "online";
  const shown = me.displayName === "" ? me.name : me.displayName;
  return (
    <div className="profile-bar">
      <button
        ref={anchor}
        type="button"
        className="profile-button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={t.side.profile(me.name)}
        onPointerDown={() => {
          wasOpen.current = isOpen;
        }}
        onClick={(event) => setOpen(event.detail > 0 ? !wasOpen.current : !isOpen)}
      >
        <Avatar
          name={me.name}
          displayName={me.displayName}
          isPresent={isOnline}
          presenceLabel={isOnline ? t.connection.online : t.connection.offline}
        />
        <span className="profile-words">
          <span className="profile-name">{shown}</span>
          <span className="profile-note">
            {me.isGuest
              ? t.side.guest
              : me.isAdmin
                ? t.side.admin
                : shown === me.name
                  ? statusWord()
                  : me.name}
          </span>
        </span>
        <Icon name="gear" size={17} />
      </button>
      {isOpen && (
        <Menu
          label={t.side.account}
          anchor={anchor}
          onClose={() => setOpen(false)}
          items={[
            { id: "account", label: t.side.account, icon: "person", onSelect: actions.account },
            {
              id: "switcher",
              label: t.side.switcher,
              icon: "search",
              keys: "Ctrl+K",
              onSelect: actions.switcher,
            },
            {
              id: "shortcuts",
              label: t.side.shortcuts,
              icon: "keyboard",
              keys: "?",
              onSelect: actions.shortcuts,
            },
            {
              id: "signOut",
              label: t.side.signOut,
              icon: "door",
              startsGroup: true,
              onSelect: actions.signOut,
            },
          ]}
        />
      )}
    </div>
  );

  function statusWord(): string {
    return isOnline ? t.connection.online : t.connection.offline;
  }
}
