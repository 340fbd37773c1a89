import {
  type InputHTMLAttributes,
  type ReactElement,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  useId,
} from "react";
import { classNames } from "../class-names.ts";
import { Icon } from "../icons.tsx";

interface FieldProps {
  readonly label: string;
  /** What is expected, under the field. */
  readonly hint?: ReactNode;
  /** What is wrong; replaces the hint and is read out. */
  readonly error?: string | undefined;
  /** The label is only read out. */
  readonly isLabelHidden?: boolean;
}

interface TextFieldProps
  extends FieldProps, Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value"> {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Characters of at most one line that stand before the text, as "#". */
  readonly prefix?: string;
  readonly ref?: Ref<HTMLInputElement> | undefined;
}

export function TextField({
  label,
  hint,
  error,
  isLabelHidden,
  value,
  onChange,
  prefix,
  className,
  ...others
}: TextFieldProps): ReactElement {
  const id = useId();
  return (
    <Field id={id} {...{ label, hint, error, isLabelHidden }} className={className}>
      <span className="field-box">
        {prefix !== undefined && (
          <span className="field-prefix" aria-hidden="true">
            {prefix}
          </span>
        )}
        <input
          {...others}
          id={id}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          aria-invalid={error !== undefined || undefined}
          aria-describedby={hint !== undefined || error !== undefined ? `${id}-note` : undefined}
        />
      </span>
    </Field>
  );
}

interface SelectFieldProps<Value extends string>
  extends FieldProps, Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange" | "value"> {
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
}

/** One of a few, the browser's own list. */
export function SelectField<Value extends string>({
  label,
  hint,
  error,
  isLabelHidden,
  value,
  onChange,
  options,
  ...others
}: SelectFieldProps<Value>): ReactElement {
  const id = useId();
  return (
    <Field id={id} {...{ label, hint, error, isLabelHidden }}>
      <span className="field-box field-select">
        <select
          {...others}
          id={id}
          value={value}
          onChange={(event) => {
            const chosen = options.find((option) => option.value === event.target.value);
            if (chosen !== undefined) onChange(chosen.value);
          }}
          aria-describedby={hint !== undefined || error !== undefined ? `${id}-note` : undefined}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <Icon name="chevronDown" size={16} />
      </span>
    </Field>
  );
}

interface FieldFrameProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error: string | undefined;
  readonly isLabelHidden: boolean | undefined;
  readonly id: string;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

function Field({
  id,
  label,
  hint,
  error,
  isLabelHidden,
  className,
  children,
}: FieldFrameProps): ReactElement {
  return (
    <div className={classNames("field", error !== undefined && "field-wrong", className)}>
      <label htmlFor={id} className={isLabelHidden === true ? "visually-hidden" : "field-label"}>
        {label}
      </label>
      {children}
      {error !== undefined ? (
        <p id={`${id}-note`} className="field-note field-error" role="alert">
          {error}
        </p>
      ) : (
        hint !== undefined && (
          <p id={`${id}-note`} className="field-note">
            {hint}
          </p>
        )
      )}
    </div>
  );
}
