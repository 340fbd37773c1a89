import type { ReactElement } from "react";
import { TextField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";

interface DurationFieldProps {
  readonly label: string;
  readonly hint: string;
  /** As it is typed: parseDuration of format.ts reads it. */
  readonly value: string;
  readonly error?: string | undefined;
  readonly onChange: (text: string) => void;
  /** Buttons for common durations, and for "until taken back". */
  readonly hasChoices?: boolean;
}

export function DurationField({
  label,
  hint,
  value,
  error,
  onChange,
  hasChoices = false,
}: DurationFieldProps): ReactElement {
  const { texts } = useAdmin();
  const choices = [...texts.durations, ["", texts.fields.forEver] as const];
  return (
    <div>
      <TextField label={label} hint={hint} error={error} value={value} onChange={onChange} maxLength={40} />
      {hasChoices && (
        <div className="chips">
          {choices.map(([duration, words]) => (
            <button
              key={duration}
              type="button"
              className="chip"
              aria-pressed={value.trim() === duration}
              onClick={() => onChange(duration)}
            >
              {words}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
