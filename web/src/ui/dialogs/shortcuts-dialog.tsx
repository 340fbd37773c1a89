import { Fragment, type ReactElement } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import { Dialog } from "../primitives/dialog.tsx";

type Shortcut = readonly [keys: readonly string[], what: string];

export function ShortcutsDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const { t } = useI18n();
  const words = t.shortcuts;
  const groups: readonly (readonly [title: string, shortcuts: readonly Shortcut[]])[] = [
    [
      words.anywhere,
      [
        [["Ctrl K"], words.switcher],
        [["Ctrl F", "/"], words.search],
        [["Alt ↑", "Alt ↓"], words.previousNext],
        [["Alt Shift ↓"], words.nextUnread],
        [["Ctrl Shift U"], words.members],
        [["F6"], words.regions],
        [["Ctrl /", "?"], words.help],
        [["Esc"], words.close],
      ],
    ],
    [
      words.inComposer,
      [
        [["Enter"], words.send],
        [["Shift Enter"], words.newLine],
        [["↑"], words.editLast],
        [["@"], words.mention],
        [[":"], words.emoji],
        [["Esc"], words.cancel],
      ],
    ],
    [
      words.inMessages,
      [
        [["↑", "↓"], words.move],
        [["Home", "End"], words.firstLast],
        [["R"], words.reply],
        [["+"], words.react],
        [["E"], words.edit],
        [["C"], words.copy],
        [["Del"], words.remove],
      ],
    ],
  ];
  return (
    <Dialog title={words.title} size="large" closeLabel={t.app.close} onClose={onClose}>
      <div className="shortcut-groups">
        {groups.map(([title, shortcuts]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {shortcuts.map(([keys, what]) => (
                <div key={what} className="shortcut">
                  <dt>{what}</dt>
                  <dd>
                    {keys.map((combination, index) => (
                      <Fragment key={combination}>
                        {index > 0 && <span className="muted"> {words.or} </span>}
                        {combination.split(" ").map((key) => (
                          <kbd key={key}>{key}</kbd>
                        ))}
                      </Fragment>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
