import { type ReactElement, type ReactNode, useId } from "react";

interface ToggleProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly disabled?: boolean;
}

/** A switch that takes effect at once. */
export function Toggle({ label, hint, isOn, onChange, disabled = false }: ToggleProps): ReactElement {
  const id = useId();
  return (
    <div className="toggle-row">
      <div>
        <label htmlFor={id} className="toggle-label">
          {label}
        </label>
        {hint !== undefined && (
          <p id={`${id}-note`} className="field-note">
            {hint}
          </p>
        )}
      </div>
      <button
        id={id}
        type="button"
        role="switch"
        className="toggle"
        aria-checked={isOn}
        aria-describedby={hint === undefined ? undefined : `${id}-note`}
        disabled={disabled}
        onClick={() => onChange(!isOn)}
      >
        <span className="toggle-knob" />
      </button>
    </div>
  );
}
