import { type ReactElement, useCallback, useEffect, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ChatActions, Failure, SanctionItem } from "../../state/contract.ts";
import { FailureNote } from "../failure-note.tsx";
import { Icon } from "../icons.tsx";
import { Button } from "../primitives/button.tsx";
import { Dialog } from "../primitives/dialog.tsx";
import { Spinner } from "../primitives/spinner.tsx";
import { useOutcome } from "../use-outcome.ts";

interface SanctionsDialogProps {
  readonly actions: Pick<ChatActions, "sanctions" | "unmute" | "unban">;
  readonly now: () => number;
  readonly onClose: () => void;
}

/** Who is muted in the room or banned from it, and lifting that. */
export function SanctionsDialog({ actions, now, onClose }: SanctionsDialogProps): ReactElement {
  const { t, format } = useI18n();
  const [list, setList] = useState<readonly SanctionItem[]>();
  const [failure, setFailure] = useState<Failure>();
  const lifting = useOutcome();

  const load = useCallback((): void => {
    void actions.sanctions().then((found) => {
      setList(found.sanctions);
      setFailure(found.failure);
    });
  }, [actions]);
  useEffect(load, [load]);

  return (
    <Dialog title={t.moderate.sanctionsTitle} closeLabel={t.app.close} onClose={onClose}>
      <FailureNote failure={failure ?? lifting.failure} />
      {list === undefined && failure === undefined && <Spinner label={t.connection.connecting} />}
      {list?.length === 0 && failure === undefined && <p className="list-note">{t.moderate.sanctionsNone}</p>}
      <ul className="plain-list">
        {list?.map(({ subject, kind, untilMs, reason, by }) => (
          <li key={`${kind} ${subject}`} className="plain-row">
            <Icon name={kind === "ban" ? "ban" : "mute"} />
            <div className="plain-words">
              <p>
                <b>{subject}</b>{" "}
                <span className="tag">{kind === "ban" ? t.moderate.isBanned : t.moderate.isMuted}</span>
              </p>
              <p className="field-note">
                {untilMs === 0 ? t.moderate.untilTaken : format.until(untilMs, now())} · {t.moderate.by(by)}
                {reason !== "" && ` · ${reason}`}
              </p>
            </div>
            <Button
              size="small"
              disabled={lifting.isBusy}
              aria-label={`${t.moderate.lift}: ${subject}`}
              onClick={() =>
                lifting.run(() => (kind === "ban" ? actions.unban(subject) : actions.unmute(subject)), load)
              }
            >
              {t.moderate.lift}
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
