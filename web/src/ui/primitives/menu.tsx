import { type KeyboardEvent, type ReactElement, type RefObject, useEffect, useRef, useState } from "react";
import { classNames } from "../class-names.ts";
import { Icon, type IconName } from "../icons.tsx";
import { IconButton } from "./button.tsx";
import { Popover } from "./popover.tsx";

export interface MenuItem {
  readonly id: string;
  readonly label: string;
  readonly icon?: IconName;
  /** At the end of the line, as "Ctrl+K". */
  readonly keys?: string;
  readonly isDanger?: boolean;
  readonly isDisabled?: boolean;
  /** A choice that is on or off; else it is a plain command. */
  readonly isChecked?: boolean;
  /** A line above it. */
  readonly startsGroup?: boolean;
  readonly onSelect: () => void;
}

interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly anchor: RefObject<HTMLElement | null>;
  readonly align?: "start" | "end";
  readonly onClose: () => void;
}

/** Commands under a button. Arrow keys, Home, End and first letters move; Escape and Tab close. */
export function Menu({ label, items, anchor, align = "start", onClose }: MenuProps): ReactElement {
  const listRef = useRef<HTMLDivElement>(null);
  const enabled = (): HTMLElement[] => [
    ...(listRef.current?.querySelectorAll<HTMLElement>("button:not(:disabled)") ?? []),
  ];

  useEffect(() => {
    listRef.current?.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
  }, []);

  function close(): void {
    onClose();
    anchor.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    const all = enabled();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const target = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    event.stopPropagation();
    if (target !== undefined) {
      event.preventDefault();
      all[(target + all.length) % all.length]?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      close();
    } else if (event.key.length === 1 && event.key !== " ") {
      const letter = event.key.toLowerCase();
      const ordered = [...all.slice(at + 1), ...all.slice(0, at + 1)];
      ordered.find((item) => item.textContent.trim().toLowerCase().startsWith(letter))?.focus();
    }
  }

  return (
    <Popover anchor={anchor} align={align} onClose={onClose} className="menu">
      <div role="menu" aria-label={label} ref={listRef} onKeyDown={onKeyDown}>
        {items.map((item) => (
          <button
            key={item.id}
            type="button"
            role={item.isChecked === undefined ? "menuitem" : "menuitemcheckbox"}
            aria-checked={item.isChecked}
            disabled={item.isDisabled}
            tabIndex={-1}
            className={classNames(
              "menu-item",
              item.isDanger === true && "menu-item-danger",
              item.startsGroup === true && "menu-item-group",
            )}
            onPointerMove={(event) => event.currentTarget.focus({ preventScroll: true })}
            onClick={() => {
              // Closed first: what the command opens takes the focus after it.
              close();
              item.onSelect();
            }}
          >
            {item.icon !== undefined && <Icon name={item.icon} size={17} />}
            <span className="menu-label">{item.label}</span>
            {item.isChecked === true && <Icon name="check" size={16} />}
            {item.keys !== undefined && <kbd>{item.keys}</kbd>}
          </button>
        ))}
      </div>
    </Popover>
  );
}

interface MenuButtonProps {
  readonly label: string;
  readonly icon: IconName;
  readonly items: readonly MenuItem[];
  readonly align?: "start" | "end";
  readonly size?: "small" | "medium";
  readonly tabIndex?: number;
}

/** A picture that opens a menu. */
export function MenuButton({
  label,
  icon,
  items,
  align = "end",
  size = "medium",
  tabIndex,
}: MenuButtonProps): ReactElement {
  const [isOpen, setOpen] = useState(false);
  const anchor = useRef<HTMLButtonElement>(null);
  // A press on the button closes the popover before the click comes: it must not open it again.
  const wasOpen = useRef(false);
  return (
    <>
      <IconButton
        ref={anchor}
        icon={icon}
        label={label}
        size={size}
        tabIndex={tabIndex}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onPointerDown={() => {
          wasOpen.current = isOpen;
        }}
        onClick={(event) => setOpen(event.detail > 0 ? !wasOpen.current : !isOpen)}
      />
      {isOpen && (
        <Menu label={label} items={items} anchor={anchor} align={align} onClose={() => setOpen(false)} />
      )}
    </>
  );
}
