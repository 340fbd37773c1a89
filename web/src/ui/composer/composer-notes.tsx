import type { ReactElement } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { ComposerSnapshot, ReplyPreview, SpeechBlock } from "../../state/contract.ts";
import { classNames } from "../class-names.ts";
import { Icon, type IconName } from "../icons.tsx";
import { Button, IconButton } from "../primitives/button.tsx";

/** What is being answered or edited, above the field. */
export function ComposerMode({
  mode,
  replyingTo,
  onCancel,
}: {
  readonly mode: ComposerSnapshot["mode"];
  readonly replyingTo: ReplyPreview | undefined;
  readonly onCancel: () => void;
}): ReactElement | null {
  const { t } = useI18n();
  if (mode === "new" && replyingTo === undefined) return null;
  return (
    <div className="composer-mode">
      <Icon name={mode === "edit" ? "edit" : "reply"} size={15} />
      <span className="composer-mode-text">
        <b>{mode === "edit" ? t.composer.editing : t.composer.replying(replyingTo?.sender ?? "")}</b>
        {mode === "new" && <span className="muted"> {replyingTo?.excerpt}</span>}
      </span>
      <IconButton icon="close" size="small" label={t.composer.cancel} onClick={onCancel} />
    </div>
  );
}

/** From this part of the limit on, what is left is told. */
const NEAR_LIMIT = 0.8;

/** The line under the field: how to send, what is left, how long to wait. */
export function ComposerNote({
  sizeBytes,
  limitBytes,
  waitSeconds,
  slowModeMs,
}: {
  readonly sizeBytes: number;
  readonly limitBytes: number;
  readonly waitSeconds: number;
  readonly slowModeMs: number;
}): ReactElement {
  const { t, format } = useI18n();
  const left = limitBytes - sizeBytes;
  return (
    <div id="composer-note" className="composer-note">
      {waitSeconds > 0 ? (
        <span className="composer-wait">
          <Icon name="clock" size={13} /> {t.composer.wait(waitSeconds)}
        </span>
      ) : slowModeMs > 0 ? (
        <span className="composer-wait">
          <Icon name="clock" size={13} /> {t.composer.slowMode(format.duration(slowModeMs))}
        </span>
      ) : (
        <span className="composer-hint">{t.composer.hint}</span>
      )}
      {sizeBytes > limitBytes * NEAR_LIMIT && (
        <span className={classNames("composer-left", left < 0 && "composer-too-long")} role="status">
          {left < 0 ? t.composer.tooLong(-left) : t.composer.bytesLeft(left)}
        </span>
      )}
    </div>
  );
}

const BLOCK_ICONS = {
  archived: "archive",
  muted: "mute",
  blocked: "ban",
  notJoined: "door",
  lockdown: "lock",
} as const satisfies Readonly<Record<SpeechBlock["reason"], IconName>>;

function useBlockWords({ reason, untilMs }: SpeechBlock, now: () => number): string {
  const { t, format } = useI18n();
  if (reason !== "muted") return t.composer[reason];
  return untilMs > 0 ? t.composer.mutedUntil(format.until(untilMs, now())) : t.composer.muted;
}

/** Above the field: what was said last was refused, why and for how long. It may have been taken back since. */
export function ComposerRefused({
  block,
  now,
}: {
  readonly block: SpeechBlock;
  readonly now: () => number;
}): ReactElement {
  const { t } = useI18n();
  const words = useBlockWords(block, now);
  return (
    <div className="composer-mode composer-refused" role="status">
      <Icon name={BLOCK_ICONS[block.reason]} size={15} />
      <span>
        <b>{words}</b> <span className="muted">{t.composer.mayTry}</span>
      </span>
    </div>
  );
}

/** Instead of the field, when nothing can be said here: why, and what can be done about it. */
export function ComposerBlocked({
  block,
  now,
  onUnblock,
  onJoin,
}: {
  readonly block: SpeechBlock;
  readonly now: () => number;
  readonly onUnblock: () => void;
  readonly onJoin: () => void;
}): ReactElement {
  const { t } = useI18n();
  const words = useBlockWords(block, now);
  return (
    <div className="composer composer-blocked" role="status">
      <Icon name={BLOCK_ICONS[block.reason]} />
      <span>{words}</span>
      {block.reason === "blocked" && (
        <Button size="small" onClick={onUnblock}>
          {t.composer.unblock}
        </Button>
      )}
      {block.reason === "notJoined" && (
        <Button size="small" kind="primary" onClick={onJoin}>
          {t.place.rejoin}
        </Button>
      )}
    </div>
  );
}
