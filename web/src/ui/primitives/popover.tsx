import { type ReactElement, type ReactNode, type RefObject, useLayoutEffect, useRef } from "react";
import { classNames } from "../class-names.ts";

/** Between the popover, what it belongs to and the window's edge, CSS pixels. */
const GAP = 6;

interface PopoverProps {
  /** What it belongs to: it opens under it, or above when there is more room. */
  readonly anchor: RefObject<HTMLElement | null>;
  readonly onClose: () => void;
  /** Which edges are in line. Default "start". */
  readonly align?: "start" | "end";
  readonly className?: string;
  readonly children: ReactNode;
}

/**
 * Content above everything else (the browser's top layer, so over dialogs and out of every clipping box),
 * that goes at a press beside it or Escape. Rendered while it is open.
 */
export function Popover({
  anchor,
  onClose,
  align = "start",
  className,
  children,
}: PopoverProps): ReactElement {
  const ref = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  useLayoutEffect(() => {
    close.current = onClose;
  });

  useLayoutEffect(() => {
    const popover = ref.current;
    if (popover === null) return undefined;
    popover.showPopover();
    const place = (): void => {
      if (anchor.current !== null) placeBeside(popover, anchor.current, align);
    };
    place();
    const onToggle = (event: ToggleEvent): void => {
      if (event.newState === "closed") close.current();
    };
    popover.addEventListener("toggle", onToggle);
    window.addEventListener("resize", place);
    const observer = new ResizeObserver(place);
    observer.observe(popover);
    return () => {
      observer.disconnect();
      popover.removeEventListener("toggle", onToggle);
      window.removeEventListener("resize", place);
      if (popover.matches(":popover-open")) popover.hidePopover();
    };
  }, [anchor, align]);

  return (
    <div ref={ref} popover="auto" className={classNames("popover", className)}>
      {children}
    </div>
  );
}

function placeBeside(popover: HTMLElement, anchor: HTMLElement, align: "start" | "end"): void {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const { clientWidth: roomX, clientHeight: roomY } = document.documentElement;
  const under = box.bottom + GAP;
  const above = box.top - GAP - height;
  const fitsUnder = under + height <= roomY - GAP;
  const top = fitsUnder || above < GAP ? Math.min(under, roomY - GAP - height) : above;
  const left = align === "start" ? box.left : box.right - width;
  popover.style.left = `${Math.round(Math.max(GAP, Math.min(left, roomX - GAP - width)))}px`;
  popover.style.top = `${Math.round(Math.max(GAP, top))}px`;
}
