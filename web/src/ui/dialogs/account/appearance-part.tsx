import type { ReactElement } from "react";
import { languageNames, useI18n } from "../../../i18n/i18n-context.ts";
import type { ChatActions, PreferencesSnapshot } from "../../../state/contract.ts";
import { Choice } from "../../primitives/choice.tsx";
import { Toggle } from "../../primitives/toggle.tsx";

interface AppearancePartProps {
  readonly preferences: PreferencesSnapshot;
  readonly actions: Pick<
    ChatActions,
    "setTheme" | "setLanguage" | "requestNotifications" | "setNotifications"
  >;
}

/** Theme, language, notifications: kept on this device. */
export function AppearancePart({ preferences, actions }: AppearancePartProps): ReactElement {
  const { t } = useI18n();
  const { theme, language, notifications } = preferences;
  const hints = {
    unsupported: t.account.notificationsUnsupported,
    denied: t.account.notificationsDenied,
    off: t.account.notificationsHint,
    on: t.account.notificationsHint,
  } as const;
  return (
    <div className="form">
      <Choice
        label={t.account.theme}
        value={theme}
        onChange={actions.setTheme}
        isInline
        options={[
          { value: "system", label: t.account.system },
          { value: "light", label: t.account.light },
          { value: "dark", label: t.account.dark },
        ]}
      />
      <Choice
        label={t.account.language}
        value={language}
        onChange={actions.setLanguage}
        isInline
        options={[
          { value: "en", label: languageNames.en },
          { value: "ko", label: languageNames.ko },
        ]}
      />
      <Toggle
        label={t.account.notifications}
        hint={hints[notifications]}
        isOn={notifications === "on"}
        disabled={notifications === "unsupported" || notifications === "denied"}
        onChange={(isOn) => (isOn ? actions.requestNotifications() : actions.setNotifications(false))}
      />
    </div>
  );
}
