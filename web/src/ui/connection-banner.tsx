import type { ReactElement } from "react";
import { useI18n } from "../i18n/i18n-context.ts";
import type { ConnectionStatus } from "../state/contract.ts";
import { Icon } from "./icons.tsx";
import { Spinner } from "./primitives/spinner.tsx";
import { secondsUntil, useNow } from "./use-now.ts";

interface ConnectionBannerProps {
  readonly connection: ConnectionStatus;
  readonly now: () => number;
  readonly onRetry: () => void;
}

/**
 * How the connection is, with numbers, while it is not well; nothing when it is. Readers hear it when it
 * changes, without the seconds.
 */
export function ConnectionBanner({ connection, now, onRetry }: ConnectionBannerProps): ReactElement {
  const { t } = useI18n();
  const { phase, retryAtMs, queuedCount, isDraining, isCatchingUp, lastError } = connection;
  const nowMs = useNow(now, retryAtMs);
  const seconds = secondsUntil(retryAtMs, nowMs);
  const isDown = phase !== "online";

  const state = !isDown
    ? isCatchingUp
      ? t.connection.catchingUp
      : ""
    : phase === "offline"
      ? t.connection.browserOffline
      : isDraining
        ? t.connection.draining
        : t.connection.lost;
  const next =
    phase === "waiting" && seconds > 0
      ? t.connection.reconnectIn(seconds)
      : phase === "connecting" || phase === "waiting"
        ? t.connection.reconnecting
        : "";
  const waiting = isDown ? t.connection.waiting(queuedCount) : "";

  return (
    <div className="banner-place">
      <div className="visually-hidden" role="status">
        {state} {waiting}
      </div>
      {state !== "" && (
        <div
          className={isDown ? "banner" : "banner banner-good"}
          title={lastError === "" ? undefined : lastError}
        >
          {isDown && phase !== "connecting" ? <Icon name="offline" /> : <Spinner />}
          <p aria-hidden="true">
            <b>{state}</b> {next} {waiting}
          </p>
          {(phase === "waiting" || phase === "offline") && (
            <button type="button" className="banner-button" onClick={onRetry}>
              {t.connection.retryNow}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
