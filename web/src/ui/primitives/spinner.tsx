import type { ReactElement } from "react";

/** Something is under way. Without a label it is decoration. */
export function Spinner({ label }: { readonly label?: string }): ReactElement {
  if (label === undefined) return <span className="spinner" aria-hidden="true" />;
  return (
    <span className="spinner-labelled" role="status">
      <span className="spinner" aria-hidden="true" />
      <span>{label}</span>
    </span>
  );
}
