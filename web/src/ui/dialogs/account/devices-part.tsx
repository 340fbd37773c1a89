import { type ReactElement, useCallback, useEffect, useState } from "react";
import { useI18n } from "../../../i18n/i18n-context.ts";
import type { ChatActions, Failure, SessionTokenItem } from "../../../state/contract.ts";
import { FailureNote } from "../../failure-note.tsx";
import { Button } from "../../primitives/button.tsx";
import { Spinner } from "../../primitives/spinner.tsx";
import { useOutcome } from "../../use-outcome.ts";

interface DevicesPartProps {
  readonly actions: Pick<ChatActions, "sessions" | "revokeToken">;
  readonly now: () => number;
}

/** Devices that may come back without the password. */
export function DevicesPart({ actions, now }: DevicesPartProps): ReactElement {
  const { t, format } = useI18n();
  const [tokens, setTokens] = useState<readonly SessionTokenItem[]>();
  const [failure, setFailure] = useState<Failure>();
  const revoking = useOutcome();

  const load = useCallback((): void => {
    void actions.sessions().then((found) => {
      setTokens(found.tokens);
      setFailure(found.failure);
    });
  }, [actions]);
  useEffect(load, [load]);

  const revoke = (tokenId: number | "others"): void => revoking.run(() => actions.revokeToken(tokenId), load);
  const hasOthers = tokens?.some(({ isCurrent }) => !isCurrent) === true;
  return (
    <div className="form">
      <p className="field-note">{t.account.devicesHint}</p>
      <FailureNote failure={failure ?? revoking.failure} />
      {tokens === undefined && failure === undefined && <Spinner label={t.connection.connecting} />}
      {tokens?.length === 0 && failure === undefined && <p className="list-note">{t.account.devicesNone}</p>}
      <ul className="plain-list">
        {tokens?.map((token) => (
          <li key={token.tokenId} className="plain-row">
            <div className="plain-words">
              <p>
                <b>{token.label === "" ? t.account.unnamedDevice : token.label}</b>{" "}
                {token.isCurrent && <span className="tag tag-here">{t.account.thisDevice}</span>}
              </p>
              <p className="field-note">
                {token.address !== "" && `${token.address} · `}
                {t.account.lastUsed(format.moment(token.lastUsedMs, now()))} ·{" "}
                {t.account.since(format.moment(token.createdMs, now()))}
              </p>
            </div>
            {!token.isCurrent && (
              <Button size="small" disabled={revoking.isBusy} onClick={() => revoke(token.tokenId)}>
                {t.account.revoke}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {hasOthers && (
        <div className="form-actions">
          <Button kind="danger" isBusy={revoking.isBusy} onClick={() => revoke("others")}>
            {t.account.revokeOthers}
          </Button>
        </div>
      )}
    </div>
  );
}
