import { memo, type ReactElement } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import { classNames } from "../class-names.ts";
import { IconButton } from "../primitives/button.tsx";
import { isEmojiOnly } from "./emoji-only.ts";
import { type Inline, parseText } from "./parse-text.ts";

interface MessageTextProps {
  readonly text: string;
  /** This user's name key: mentions of it stand out. */
  readonly myKey: string;
  /** Its links by the Tab key. */
  readonly isReachable: boolean;
  readonly onCopy: (text: string) => void;
}

/** A message's text as elements. All of it goes through text nodes; nothing in it is ever markup. */
export const MessageText = memo(function MessageText({
  text,
  myKey,
  isReachable,
  onCopy,
}: MessageTextProps): ReactElement {
  const { t } = useI18n();
  if (isEmojiOnly(text)) return <p className="text-paragraph text-emoji">{text}</p>;
  return (
    <>
      {parseText(text).map((block, index) =>
        block.type === "code" ? (
          <div key={index} className="text-code-block">
            <pre tabIndex={isReachable ? 0 : -1}>
              <code>{block.text}</code>
            </pre>
            <IconButton
              icon="copy"
              size="small"
              label={t.messages.copyCode}
              onClick={() => onCopy(block.text)}
            />
          </div>
        ) : (
          <p key={index} className="text-paragraph">
            {block.inlines.map((inline, at) => (
              <InlineText key={at} inline={inline} myKey={myKey} isReachable={isReachable} />
            ))}
          </p>
        ),
      )}
    </>
  );
});

interface InlineTextProps {
  readonly inline: Inline;
  readonly myKey: string;
  readonly isReachable: boolean;
}

function InlineText({ inline, myKey, isReachable }: InlineTextProps): ReactElement {
  switch (inline.type) {
    case "text":
      return <>{inline.text}</>;
    case "code":
      return <code className="text-code">{inline.text}</code>;
    case "link":
      return (
        <a
          href={inline.href}
          target="_blank"
          rel="noopener noreferrer nofollow"
          tabIndex={isReachable ? 0 : -1}
        >
          {inline.text}
        </a>
      );
    case "mention":
      return (
        <span className={classNames("text-mention", inline.key === myKey && "text-mention-me")}>
          {inline.text}
        </span>
      );
  }
}
