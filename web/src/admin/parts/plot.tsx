import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactElement,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { useAdmin } from "../admin-context.ts";
import { nearestPoint, niceScale, type PlotPoint, timeTicks, unbroken } from "../plot-scale.ts";

export interface PlotSeries {
  readonly label: string;
  /** In order of time; the series of one plot have the same times. */
  readonly points: readonly PlotPoint[];
}

interface PlotProps {
  readonly title: string;
  /** At most three: each has a colour and a kind of line of its own. */
  readonly series: readonly PlotSeries[];
  readonly format: (value: number) => string;
  readonly fromMs: number;
  readonly toMs: number;
  /** More than this between two points is a hole in the line. */
  readonly longestStepMs: number;
}

const HEIGHT = 132;
const TOP = 8;
const BOTTOM = 20;
const LEFT = 56;
const RIGHT = 8;

/** Lines over the last hour. The pointer, or the arrow keys, read the values at a time. */
export function Plot({ title, series, format, fromMs, toMs, longestStepMs }: PlotProps): ReactElement {
  const { texts, formats } = useAdmin();
  const id = useId();
  const [frame, width] = useWidth();
  /** The time that is read, or undefined. */
  const [readMs, setReadMs] = useState<number>();

  const all = series.flatMap(({ points }) => points.flatMap(({ value }) => value ?? []));
  const scale = niceScale(all.reduce((largest, value) => Math.max(largest, value), 0));
  const innerWidth = Math.max(1, width - LEFT - RIGHT);
  const innerHeight = HEIGHT - TOP - BOTTOM;
  const x = (timeMs: number): number => LEFT + ((timeMs - fromMs) / Math.max(1, toMs - fromMs)) * innerWidth;
  const y = (value: number): number => TOP + innerHeight - (value / scale.max) * innerHeight;

  const times = series[0]?.points ?? [];
  const readIndex = readMs === undefined ? -1 : nearestPoint(times, readMs);
  const readPoint = times[readIndex];

  function onPointer(event: PointerEvent<SVGSVGElement>): void {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / innerWidth;
    setReadMs(fromMs + Math.min(1, Math.max(0, share)) * (toMs - fromMs));
  }

  function onKeyDown(event: KeyboardEvent): void {
    const last = times.length - 1;
    const at = readIndex < 0 ? last : readIndex;
    const step = event.shiftKey ? 12 : 1;
    const target = { ArrowLeft: at - step, ArrowRight: at + step, Home: 0, End: last }[event.key];
    if (event.key === "Escape") setReadMs(undefined);
    if (target === undefined || last < 0) return;
    event.preventDefault();
    setReadMs(times[Math.min(last, Math.max(0, target))]?.timeMs);
  }

  return (
    <figure className="plot" ref={frame} aria-labelledby={`${id}-title`}>
      <figcaption id={`${id}-title`}>{title}</figcaption>
      <ul className="plot-legend">
        {series.map(({ label, points }, index) => (
          <li key={label}>
            <svg width="18" height="8" aria-hidden="true">
              <line x1="0" y1="4" x2="18" y2="4" className={`plot-line plot-line-${index + 1}`} />
            </svg>
            <span>{label}</span>{" "}
            <b>{valueText((readPoint === undefined ? points.at(-1) : points[readIndex])?.value, format)}</b>
          </li>
        ))}
        <li className="plot-read">{readPoint === undefined ? "" : formats.time(readPoint.timeMs)}</li>
      </ul>
      {all.length === 0 ? (
        <p className="plot-empty">{texts.plots.noData}</p>
      ) : (
        <svg
          className="plot-area"
          width={width}
          height={HEIGHT}
          role="img"
          tabIndex={0}
          aria-label={series.map((one) => summaryOf(one, format, texts.plots.summary)).join("; ")}
          aria-describedby={`${id}-keys`}
          onPointerMove={onPointer}
          onPointerDown={onPointer}
          onPointerLeave={() => setReadMs(undefined)}
          onBlur={() => setReadMs(undefined)}
          onKeyDown={onKeyDown}
        >
          {scale.ticks.map((tick) => (
            <g key={tick}>
              <line className="plot-grid" x1={LEFT} x2={LEFT + innerWidth} y1={y(tick)} y2={y(tick)} />
              <text className="plot-tick" x={LEFT - 8} y={y(tick) + 3.5} textAnchor="end">
                {format(tick)}
              </text>
            </g>
          ))}
          {timeTicks(fromMs, toMs, Math.max(2, Math.floor(innerWidth / 80))).map((tick) => (
            <text
              key={tick}
              className="plot-tick"
              x={x(tick)}
              y={HEIGHT - 4}
              textAnchor={anchorOf(x(tick), width)}
            >
              {formats.clock(tick)}
            </text>
          ))}
          {series.map(({ label, points }, index) =>
            unbroken(points, longestStepMs).map((run) => {
              const line = run
                .map(({ timeMs, value }) => `${x(timeMs).toFixed(1)},${y(value).toFixed(1)}`)
                .join(" L");
              const first = run[0];
              const last = run.at(-1);
              return (
                <g key={`${label} ${first?.timeMs}`}>
                  {index === 0 && first !== undefined && last !== undefined && (
                    <path
                      className="plot-fill"
                      d={`M${x(first.timeMs).toFixed(1)},${y(0)} L${line} L${x(last.timeMs).toFixed(1)},${y(0)} Z`}
                    />
                  )}
                  <path className={`plot-line plot-line-${index + 1}`} d={`M${line}`} />
                </g>
              );
            }),
          )}
          {readPoint !== undefined && (
            <g>
              <line
                className="plot-cursor"
                x1={x(readPoint.timeMs)}
                x2={x(readPoint.timeMs)}
                y1={TOP}
                y2={y(0)}
              />
              {series.map(({ label, points }, index) => {
                const value = points[readIndex]?.value;
                if (value === undefined) return null;
                return (
                  <circle
                    key={label}
                    className={`plot-dot plot-dot-${index + 1}`}
                    cx={x(readPoint.timeMs)}
                    cy={y(value)}
                    r="3.5"
                  />
                );
              })}
            </g>
          )}
        </svg>
      )}
      <p id={`${id}-keys`} className="visually-hidden">
        {texts.plots.keys}
      </p>
      <p className="visually-hidden" aria-live="polite">
        {readPoint === undefined
          ? ""
          : `${formats.time(readPoint.timeMs)}: ${series
              .map(({ label, points }) => `${label} ${valueText(points[readIndex]?.value, format)}`)
              .join(", ")}`}
      </p>
    </figure>
  );
}

/** Text at the edges is not cut off. */
function anchorOf(x: number, width: number): "start" | "middle" | "end" {
  if (x < LEFT + 16) return "start";
  return x > width - 24 ? "end" : "middle";
}

function valueText(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? "–" : format(value);
}

function summaryOf(
  { label, points }: PlotSeries,
  format: (value: number) => string,
  words: (series: string, now: string, least: string, most: string) => string,
): string {
  const values = points.flatMap(({ value }) => value ?? []);
  const least = values.reduce((found, value) => Math.min(found, value), Number.POSITIVE_INFINITY);
  const most = values.reduce((found, value) => Math.max(found, value), 0);
  if (values.length === 0) return `${label}: –`;
  return words(label, valueText(points.at(-1)?.value, format), format(least), format(most));
}

/** The element's width in CSS pixels, followed. */
function useWidth(): [(element: HTMLElement | null) => void, number] {
  const [width, setWidth] = useState(320);
  const observer = useRef<ResizeObserver>(undefined);
  useEffect(() => () => observer.current?.disconnect(), []);
  const [follow] = useState(() => (element: HTMLElement | null): void => {
    observer.current?.disconnect();
    if (element === null) return;
    observer.current = new ResizeObserver(([entry]) => {
      const found = entry?.contentBoxSize[0]?.inlineSize;
      if (found !== undefined) setWidth(Math.max(160, Math.floor(found)));
    });
    observer.current.observe(element);
  });
  return [follow, width];
}
