import { type ReactElement, type ReactNode, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { Outcome } from "../../state/contract.ts";
import { Avatar } from "../primitives/avatar.tsx";
import { TextField } from "../primitives/text-field.tsx";
import { useOutcome } from "../use-outcome.ts";
import { FormDialog } from "./form-dialog.tsx";

/** Offered below the field. */
const OFFERED = 6;

interface NameDialogProps {
  readonly title: string;
  readonly label: string;
  readonly hint?: ReactNode;
  readonly submitLabel: string;
  /** People who may be meant. */
  readonly known: readonly string[];
  readonly submit: (name: string) => Promise<Outcome>;
  readonly onDone: (name: string) => void;
  readonly onClose: () => void;
}

/** Asks for somebody's name: to write to, to invite. */
export function NameDialog(props: NameDialogProps): ReactElement {
  const { title, label, hint, submitLabel, known, submit, onDone, onClose } = props;
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  const { isBusy, failure, run } = useOutcome();
  const name = typed.trim().replace(/^@/, "");
  const offered = known.filter((other) => other.toLowerCase().includes(name.toLowerCase())).slice(0, OFFERED);
  const go = (chosen: string): void =>
    run(
      () => submit(chosen),
      () => onDone(chosen),
    );
  return (
    <FormDialog
      title={title}
      submitLabel={submitLabel}
      canSubmit={name !== ""}
      isBusy={isBusy}
      failure={failure}
      onClose={onClose}
      onSubmit={() => go(name)}
    >
      <TextField
        label={label}
        hint={hint}
        value={typed}
        onChange={setTyped}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        data-autofocus
      />
      {offered.length > 0 && (
        <div className="known-names" role="group" aria-label={t.direct.known}>
          {offered.map((other) => (
            <button
              key={other}
              type="button"
              className="known-name"
              disabled={isBusy}
              onClick={() => go(other)}
            >
              <Avatar name={other} size="small" />
              <span>{other}</span>
            </button>
          ))}
        </div>
      )}
    </FormDialog>
  );
}
