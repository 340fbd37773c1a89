import { type ReactElement, type RefObject, useEffect, useRef, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { MemberItem, MembersSnapshot, PlaceSnapshot } from "../../state/contract.ts";
import { matchNames } from "../composer/completion.ts";
import { FailureNote } from "../failure-note.tsx";
import { Icon } from "../icons.tsx";
import { Avatar } from "../primitives/avatar.tsx";
import { Button } from "../primitives/button.tsx";
import { Spinner } from "../primitives/spinner.tsx";
import { PanelFrame } from "./panel-frame.tsx";

export interface MembersPanelActions {
  readonly load: () => void;
  readonly loadMore: () => void;
  readonly invite: () => void;
  readonly openProfile: (name: string, anchor: RefObject<HTMLElement | null>) => void;
}

interface MembersPanelProps {
  readonly place: PlaceSnapshot;
  readonly members: MembersSnapshot | undefined;
  readonly now: () => number;
  readonly actions: MembersPanelActions;
  readonly onClose: () => void;
}

/** The people of a room: who is here, who is what, and what can be done. */
export function MembersPanel({ place, members, now, actions, onClose }: MembersPanelProps): ReactElement {
  const { t } = useI18n();
  const [filter, setFilter] = useState("");
  const { load } = actions;
  useEffect(() => {
    load();
  }, [load, place.key]);

  const all = members?.members ?? [];
  const wanted =
    filter.trim() === ""
      ? undefined
      : new Set(
          matchNames(
            all.map(({ name }) => name),
            filter,
            all.length,
          ),
        );
  const shown = wanted === undefined ? all : all.filter(({ name }) => wanted.has(name));
  const here = shown.filter(({ isPresent }) => isPresent);
  const away = shown.filter(({ isPresent }) => !isPresent);
  const moreCount = (members?.total ?? 0) - all.length;

  return (
    <PanelFrame title={t.members.title} onClose={onClose}>
      <div className="panel-tools field-search">
        <div className="field-box">
          <Icon name="search" size={16} />
          <input
            type="search"
            aria-label={t.members.filter}
            placeholder={t.members.filter}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
        </div>
        {place.permissions.mayInvite && (
          <Button icon="personAdd" onClick={actions.invite} isWide>
            {t.place.invite}
          </Button>
        )}
      </div>
      <div className="panel-scroller scrolls">
        <FailureNote failure={members?.failure} />
        {here.length > 0 && (
          <section>
            <h3 className="panel-group">{t.members.present(members?.presentCount ?? here.length)}</h3>
            <ul>
              {here.map((member) => (
                <MemberRow key={member.name} member={member} now={now} onOpen={actions.openProfile} />
              ))}
            </ul>
          </section>
        )}
        {away.length > 0 && (
          <section>
            <h3 className="panel-group">{t.members.others}</h3>
            <ul>
              {away.map((member) => (
                <MemberRow key={member.name} member={member} now={now} onOpen={actions.openProfile} />
              ))}
            </ul>
          </section>
        )}
        {members?.isLoading === true && (
          <p className="list-note">
            <Spinner />
          </p>
        )}
        {members !== undefined &&
          !members.isLoading &&
          shown.length === 0 &&
          members.failure === undefined && <p className="list-note">{t.members.empty}</p>}
        {moreCount > 0 && members?.isLoading === false && (
          <Button kind="quiet" isWide onClick={actions.loadMore}>
            {t.members.more(moreCount)}
          </Button>
        )}
      </div>
    </PanelFrame>
  );
}

function MemberRow({
  member,
  now,
  onOpen,
}: {
  readonly member: MemberItem;
  readonly now: () => number;
  readonly onOpen: MembersPanelActions["openProfile"];
}): ReactElement {
  const { t, format } = useI18n();
  const anchor = useRef<HTMLButtonElement>(null);
  const { name, displayName, role, isPresent, isMe, mutedUntilMs } = member;
  return (
    <li>
      <button
        ref={anchor}
        type="button"
        className="member-row"
        aria-haspopup="menu"
        data-member={name}
        onClick={() => onOpen(name, anchor)}
      >
        <Avatar
          name={name}
          displayName={displayName}
          size="small"
          isPresent={isPresent}
          presenceLabel={isPresent ? t.side.online : t.side.offlinePresence}
        />
        <span className="member-words">
          <span className={isPresent ? "member-name" : "member-name muted"}>
            {displayName === "" ? name : displayName}
          </span>
          {displayName !== "" && displayName !== name && <span className="field-note">{name}</span>}
        </span>
        {isMe && <span className="tag">{t.members.you}</span>}
        {mutedUntilMs > now() && (
          <span className="side-sign" title={t.members.mutedUntil(format.until(mutedUntilMs, now()))}>
            <Icon name="mute" size={15} />
            <span className="visually-hidden">{t.members.muted}</span>
          </span>
        )}
        {(role === "owner" || role === "moderator") && (
          <span className="tag tag-role">{t.members[role]}</span>
        )}
      </button>
    </li>
  );
}
