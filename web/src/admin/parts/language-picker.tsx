import type { ReactElement } from "react";
import { SelectField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";
import { type Language, languages } from "../i18n/language.ts";

const options = languages.map(({ code, name }) => ({ value: code, label: name }));

export function LanguagePicker({
  onLanguage,
}: {
  readonly onLanguage: (language: Language) => void;
}): ReactElement {
  const { texts, language } = useAdmin();
  return (
    <SelectField
      label={texts.language}
      isLabelHidden
      value={language}
      options={options}
      onChange={onLanguage}
    />
  );
}
