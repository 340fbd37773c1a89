import type { ReactElement } from "react";
import { useI18n } from "../i18n/i18n-context.ts";
import type { Failure } from "../state/contract.ts";
import { failureText } from "./failure-text.ts";
import { Icon } from "./icons.tsx";
import { secondsUntil, useNow } from "./use-now.ts";
import { useView } from "./view-context.ts";

/** Why a form was refused, read out, and when to try again. */
export function FailureNote({ failure }: { readonly failure: Failure | undefined }): ReactElement | null {
  const { t } = useI18n();
  const { now } = useView();
  const nowMs = useNow(now, failure?.retryAtMs ?? 0);
  if (failure === undefined) return null;
  const seconds = secondsUntil(failure.retryAtMs, nowMs);
  return (
    <p className="form-fault" role="alert">
      <Icon name="warning" size={16} />
      <span>
        {failureText(failure, t)} {seconds > 0 && <span aria-hidden="true">{t.retryIn(seconds)}</span>}
      </span>
    </p>
  );
}
