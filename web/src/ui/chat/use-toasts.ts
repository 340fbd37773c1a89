import { useCallback, useRef, useState } from "react";
import type { ToastItem } from "../primitives/toast.tsx";

/** Shown at a time; the oldest goes first. */
const MOST = 4;
const SHOWN_MS = 6000;

interface Toasts {
  readonly toasts: readonly ToastItem[];
  readonly show: (text: string, kind?: ToastItem["kind"]) => void;
  readonly dismiss: (id: string) => void;
}

/** The page's own short notes; those of the application are notices. */
export function useToasts(): Toasts {
  const [toasts, setToasts] = useState<readonly ToastItem[]>([]);
  const nextId = useRef(1);
  const dismiss = useCallback((id: string): void => {
    setToasts((before) => before.filter((toast) => toast.id !== id));
  }, []);
  const show = useCallback(
    (text: string, kind: ToastItem["kind"] = "note"): void => {
      const id = `own ${nextId.current++}`;
      setToasts((before) => [...before, { id, text, kind }].slice(-MOST));
      setTimeout(() => dismiss(id), SHOWN_MS);
    },
    [dismiss],
  );
  return { toasts, show, dismiss };
}
