import type { ReactElement } from "react";
import { useAdmin, wordsOf } from "../admin-context.ts";
import { AdminApiError } from "../admin-client.ts";

/** Why a view's question was not answered; nothing while it was, and for silence, which the page's bar tells. */
export function LoadFailure({ error }: { readonly error: unknown }): ReactElement | null {
  const { texts, formats } = useAdmin();
  if (error === undefined || (error instanceof AdminApiError && error.isSilence)) return null;
  return (
    <p role="alert" className="admin-failure">
      {wordsOf(error, texts, formats)}
    </p>
  );
}
