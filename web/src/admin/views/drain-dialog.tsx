import { type ReactElement, useState } from "react";
import { TextField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";
import { FormDialog } from "../parts/form-dialog.tsx";
import { useAction } from "../use-action.ts";

interface DrainDialogProps {
  readonly connections: number;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** The API wants this word too: drainRequest of schemas.ts. */
const WORD = "drain";

/** Stops the server, for somebody who types the word. */
export function DrainDialog({ connections, onClose, onDone }: DrainDialogProps): ReactElement {
  const { api, texts, formats } = useAdmin();
  const words = texts.server;
  const [typed, setTyped] = useState("");
  const [isMismatch, setMismatch] = useState(false);
  const action = useAction();

  async function submit(): Promise<void> {
    const isRight = typed.trim().toLowerCase() === WORD;
    setMismatch(!isRight);
    if (!isRight) return;
    const isDone = await action.start(async () => {
      await api.drain(WORD);
      return words.draining;
    });
    if (!isDone) return;
    onDone();
    onClose();
  }

  return (
    <FormDialog
      title={words.drainTitle}
      description={
        <>
          {words.drainText(formats.count(connections))} {words.drainHint}
        </>
      }
      submitLabel={words.drainSubmit}
      isDanger
      isBusy={action.isBusy}
      failure={action.failure}
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <TextField
        label={words.drainConfirm(WORD)}
        error={isMismatch ? words.drainMismatch(WORD) : undefined}
        value={typed}
        onChange={setTyped}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        data-autofocus
      />
    </FormDialog>
  );
}
