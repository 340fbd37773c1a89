import type { ReactElement } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import { classNames } from "../class-names.ts";
import { Avatar } from "../primitives/avatar.tsx";
import type { Completion } from "./use-completion.ts";

/** What is offered while a name or an emoji is typed, above the field. The focus stays in the field. */
export function CompletionList({ completion }: { readonly completion: Completion }): ReactElement | null {
  const { t } = useI18n();
  const { kind, options, active, id } = completion;
  if (options.length === 0) return null;
  return (
    <ul
      id={id}
      className="completions"
      role="listbox"
      aria-label={kind === "mention" ? t.composer.people : t.composer.emojis}
    >
      {options.map(({ value, label, picture }, index) => (
        <li
          key={value}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          className={classNames("completion", index === active && "completion-active")}
          onPointerMove={() => completion.setActive(index)}
          // Before the field loses the focus.
          onPointerDown={(event) => {
            event.preventDefault();
            completion.choose(index);
          }}
        >
          {picture === "" ? (
            <Avatar name={label} size="small" />
          ) : (
            <span className="completion-picture">{picture}</span>
          )}
          <span>{label}</span>
        </li>
      ))}
    </ul>
  );
}
