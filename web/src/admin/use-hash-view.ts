import { useEffect, useState } from "react";

export const viewNames = [
  "overview",
  "sessions",
  "users",
  "rooms",
  "disconnects",
  "sanctions",
  "audit",
  "server",
] as const;
export type ViewName = (typeof viewNames)[number];

/** The view that the address names after "#", and what follows it: "#sessions/slow". */
export interface HashView {
  readonly name: ViewName;
  readonly rest: string;
}

export function viewOf(hash: string): HashView {
  const [wanted = "", ...rest] = hash.replace(/^#/, "").split("/");
  const name = viewNames.find((candidate) => candidate === wanted);
  return name === undefined ? { name: "overview", rest: "" } : { name, rest: rest.join("/") };
}

/** Follows the address, so that links, the back button and a reload keep the view. */
export function useHashView(): HashView {
  const [view, setView] = useState(() => viewOf(location.hash));
  useEffect(() => {
    const follow = (): void => setView(viewOf(location.hash));
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  return view;
}
