import type { ReactElement } from "react";

/** Drawn on 24 × 24 with lines of 1.75; one path each, so that they all look of one hand. */
const paths = {
  archive: "M4 8v10a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V8M3 4h18v4H3zM10 12h4",
  at: "M16 8v5a3 3 0 0 0 5-1 9 9 0 1 0-4 7.6M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0z",
  back: "M15 5l-7 7 7 7",
  ban: "M5.6 5.6l12.8 12.8M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
  bell: "M6 10a6 6 0 1 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20a2 2 0 0 0 4 0",
  check: "M5 12.5l4.5 4.5L19 7",
  chevronDown: "M6 9l6 6 6-6",
  chevronRight: "M9 6l6 6-6 6",
  clock: "M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
  close: "M6 6l12 12M18 6L6 18",
  compass: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM15.5 8.5l-2 5-5 2 2-5z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  door: "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
  down: "M12 5v14M6 13l6 6 6-6",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  gear: "M4 7h9M17 7h3M4 17h3M11 17h9M17 7a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM11 17a2 2 0 1 1-4 0 2 2 0 0 1 4 0z",
  globe: "M3 12h18M12 3c5 5 5 13 0 18-5-5-5-13 0-18zM21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M3.5 15h16",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8M18 10h-.01",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  memory: "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M4.3 12a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0M11.3 12a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0M18.3 12a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0",
  mute: "M11 5L6 9H3v6h3l5 4zM16 9.5l5 5M21 9.5l-5 5",
  offline: "M3 3l18 18M8.5 15.5a5 5 0 0 1 7 0M5 12a10 10 0 0 1 5-2.7M19 12a10 10 0 0 0-4-2.4M12 19.5h.01",
  people:
    "M15 9a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM4.5 20c.5-4 3.3-5.5 7-5.500s6.5 1.5 7 5.500M18 5.800a3.3 3.3 0 0 1 0 6",
  person: "M15.5 8.500a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM5 20c.5-4 3.3-5.5 7-5.500s6.5 1.5 7 5.5",
  personAdd:
    "M13.5 8.500a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM3 20c.5-4 3.3-5.5 7-5.500s6.5 1.5 7 5.500M19 7v6M16 10h6",
  plus: "M12 5v14M5 12h14",
  reply: "M10 6l-6 6 6 6M4 12h9a7 7 0 0 1 7 7",
  retry: "M20 5v5h-5M20 10a8 8 0 1 0 .5 4.5",
  search: "M16.5 10.500a6 6 0 1 1-12 0 6 6 0 0 1 12 0zM15 15l5.5 5.5",
  send: "M4 12l16-8-5 16-3.5-6.500zM11.5 13.500L20 4",
  shield: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6z",
  smile: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM8.5 14.500a4.2 4.2 0 0 0 7 0M9 9.500h.01M15 9.500h.01",
  smilePlus:
    "M20 11.500a8.5 8.5 0 1 1-7.5-8M8 14a4 4 0 0 0 7 .5M8.5 9.500h.01M14 9.500h.01M19 2.500v6M16 5.500h6",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
} as const;

export type IconName = keyof typeof paths;

/** Decoration: the control that it is in has the words. `size` in CSS pixels. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }): ReactElement {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={paths[name]} />
    </svg>
  );
}
