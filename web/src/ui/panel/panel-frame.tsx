import type { ReactElement, ReactNode } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import { IconButton } from "../primitives/button.tsx";

interface PanelFrameProps {
  readonly title: string;
  readonly note?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** The pane on the right; over the conversation where there is no room beside it. */
export function PanelFrame({ title, note, onClose, children }: PanelFrameProps): ReactElement {
  const { t } = useI18n();
  return (
    <aside className="panel" aria-label={title} tabIndex={-1} data-region="panel">
      <header className="panel-head">
        <h2>
          {title} {note !== undefined && <span className="panel-note">{note}</span>}
        </h2>
        <IconButton icon="close" label={t.app.close} onClick={onClose} />
      </header>
      {children}
    </aside>
  );
}
