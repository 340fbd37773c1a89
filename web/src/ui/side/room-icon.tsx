import type { ReactElement } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { RoomAccessName } from "../../state/contract.ts";
import { Icon } from "../icons.tsx";

interface RoomIconProps {
  readonly access: RoomAccessName;
  readonly kind: "logged" | "memory" | "direct";
  readonly isArchived: boolean;
  readonly size?: number;
}

/** What a room is, at a glance; said to readers where it is not the ordinary. */
export function RoomIcon({ access, kind, isArchived, size = 17 }: RoomIconProps): ReactElement {
  const { t } = useI18n();
  const [name, label] = isArchived
    ? (["archive", t.side.archivedRoom] as const)
    : access === "private"
      ? (["lock", t.side.privateRoom] as const)
      : access === "password"
        ? (["shield", t.side.passwordRoom] as const)
        : kind === "memory"
          ? (["memory", t.side.memoryRoom] as const)
          : (["hash", ""] as const);
  return (
    <span className="room-icon" title={label === "" ? undefined : label}>
      <Icon name={name} size={size} />
      {label !== "" && <span className="visually-hidden">{label}</span>}
    </span>
  );
}
