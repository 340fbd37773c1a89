import type { ReactElement } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { TypingSnapshot } from "../../state/contract.ts";

/** Who is writing. It takes its line also when nobody is, so that nothing moves. Not read out: it changes all the time. */
export function TypingLine({ typing }: { readonly typing: TypingSnapshot }): ReactElement {
  const { t, format } = useI18n();
  const { names, moreCount } = typing;
  const [first = "", second = ""] = names;
  const words =
    names.length === 0
      ? ""
      : names.length === 1 && moreCount === 0
        ? t.typing.one(first)
        : names.length === 2 && moreCount === 0
          ? t.typing.two(first, second)
          : t.typing.many(format.names(names), moreCount);
  return (
    <p className="typing-line">
      {words !== "" && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {words}
        </>
      )}
    </p>
  );
}
