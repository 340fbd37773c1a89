import { type ComponentProps, type ReactElement, useEffect, useEffectEvent } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { OnDemand } from "../../loading/on-demand.ts";
import { dialogsPart, panelPart } from "../../loading/page-parts.ts";
import { type Demanded, useOnDemand } from "../../loading/use-on-demand.ts";
import { Spinner } from "../primitives/spinner.tsx";
import type { ChatDialogs } from "./chat-dialogs.tsx";
import type { SidePanel } from "./side-panel.tsx";

/** The dialog that is open. It takes the focus when it is there; until then that stays where it is. */
export function DemandedDialogs(props: ComponentProps<typeof ChatDialogs>): ReactElement {
  const { t } = useI18n();
  const { part } = useDemanded(dialogsPart, () => {
    props.onOpen(undefined);
    props.onToast(t.app.partFailed);
  });
  if (part !== undefined) return <part.ChatDialogs {...props} />;
  return (
    <div className="part-loading part-loading-over">
      <Spinner label={t.app.partLoading} />
    </div>
  );
}

interface DemandedPanelProps extends ComponentProps<typeof SidePanel> {
  readonly onFailed: () => void;
}

/** The panel that is open; its place is there before it is. */
export function DemandedPanel({ onFailed, ...props }: DemandedPanelProps): ReactElement {
  const { t } = useI18n();
  const { part } = useDemanded(panelPart, onFailed);
  if (part !== undefined) return <part.SidePanel {...props} />;
  return (
    <aside className="panel" data-region="panel" tabIndex={-1}>
      <div className="part-loading">
        <Spinner label={t.app.partLoading} />
      </div>
    </aside>
  );
}

function useDemanded<Part>(demanded: OnDemand<Part>, onFailed: () => void): Demanded<Part> {
  const state = useOnDemand(demanded);
  const giveUp = useEffectEvent(onFailed);
  const { hasFailed } = state;
  useEffect(() => {
    if (hasFailed) giveUp();
  }, [hasFailed]);
  return state;
}
