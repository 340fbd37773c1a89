import { type ReactElement, useId } from "react";

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly hint?: string }[];
  readonly onChange: (value: Value) => void;
  readonly disabled?: boolean;
  /** In a row, for two to four short words; else one under the other with their hints. */
  readonly isInline?: boolean;
}

/** One of a few that are all seen: radio buttons, so arrow keys move between them. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
  disabled = false,
  isInline = false,
}: ChoiceProps<Value>): ReactElement {
  const name = useId();
  return (
    <fieldset className={isInline ? "choice choice-inline" : "choice"} disabled={disabled}>
      <legend className="field-label">{label}</legend>
      <div className="choice-options">
        {options.map((option) => (
          <label key={option.value} className="choice-option">
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span className="choice-words">
              <span>{option.label}</span>
              {option.hint !== undefined && <span className="field-note">{option.hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
