import { type ReactElement, useCallback, useEffect, useState } from "react";
import { useI18n } from "../../../i18n/i18n-context.ts";
import type { ChatActions, Failure } from "../../../state/contract.ts";
import { FailureNote } from "../../failure-note.tsx";
import { Avatar } from "../../primitives/avatar.tsx";
import { Button } from "../../primitives/button.tsx";
import { Spinner } from "../../primitives/spinner.tsx";
import { TextField } from "../../primitives/text-field.tsx";
import { useOutcome } from "../../use-outcome.ts";

interface BlockedPartProps {
  readonly actions: Pick<ChatActions, "blocks" | "block" | "unblock">;
}

/** People whose direct messages do not come through. */
export function BlockedPart({ actions }: BlockedPartProps): ReactElement {
  const { t } = useI18n();
  const [names, setNames] = useState<readonly string[]>();
  const [failure, setFailure] = useState<Failure>();
  const [typed, setTyped] = useState("");
  const changing = useOutcome();

  const load = useCallback((): void => {
    void actions.blocks().then((found) => {
      setNames(found.names);
      setFailure(found.failure);
    });
  }, [actions]);
  useEffect(load, [load]);

  return (
    <div className="form">
      <p className="field-note">{t.account.blockedHint}</p>
      <form
        className="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          const name = typed.trim();
          if (name === "") return;
          changing.run(
            () => actions.block(name),
            () => {
              setTyped("");
              load();
            },
          );
        }}
      >
        <TextField
          label={t.account.blockName}
          isLabelHidden
          placeholder={t.account.blockName}
          value={typed}
          onChange={setTyped}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
        <Button type="submit" disabled={typed.trim() === ""} isBusy={changing.isBusy}>
          {t.account.block}
        </Button>
      </form>
      <FailureNote failure={failure ?? changing.failure} />
      {names === undefined && failure === undefined && <Spinner label={t.connection.connecting} />}
      {names?.length === 0 && failure === undefined && <p className="list-note">{t.account.blockedNone}</p>}
      <ul className="plain-list">
        {names?.map((name) => (
          <li key={name} className="plain-row">
            <Avatar name={name} size="small" />
            <p className="plain-words">{name}</p>
            <Button
              size="small"
              disabled={changing.isBusy}
              aria-label={`${t.account.unblock}: ${name}`}
              onClick={() => changing.run(() => actions.unblock(name), load)}
            >
              {t.account.unblock}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
