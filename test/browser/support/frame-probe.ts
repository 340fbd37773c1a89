import type { Page } from "playwright-core";

/** What a page did between the probe's start and its end; times in milliseconds. */
export interface FrameReport {
  readonly durationMs: number;
  readonly frames: number;
  /** Between two frames. */
  readonly medianFrameMs: number;
  readonly p99FrameMs: number;
  readonly longestFrameMs: number;
  /** Tasks of more than 50 ms (W3C Long Tasks). */
  readonly longTasks: number;
  readonly longestTaskMs: number;
  /** From a key to the frame that shows it, in steps of 8 (W3C Event Timing); keys faster than 16 are not told apart. */
  readonly keys: number;
  readonly p95KeyMs: number;
  readonly longestKeyMs: number;
}

const start = `(() => {
  const probe = { startMs: performance.now(), frames: [], tasks: [], keys: [], isOn: true, observers: [] };
  let lastMs;
  const frame = (nowMs) => {
    if (!probe.isOn) return;
    if (lastMs !== undefined) probe.frames.push(nowMs - lastMs);
    lastMs = nowMs;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const observe = (options, take) => {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
    observer.observe(options);
    probe.observers.push(observer);
  };
  observe({ type: "longtask" }, ({ duration }) => probe.tasks.push(duration));
  observe({ type: "event", durationThreshold: 16 }, ({ name, duration }) => {
    if (name === "keydown") probe.keys.push(duration);
  });
  globalThis.__frameProbe = probe;
})()`;

const stop = `(() => {
  const probe = globalThis.__frameProbe;
  probe.isOn = false;
  for (const observer of probe.observers) observer.disconnect();
  const at = (values, share) => {
    const sorted = [...values].sort((left, right) => left - right);
    return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
  };
  const { frames, tasks, keys, startMs } = probe;
  return {
    durationMs: Math.round(performance.now() - startMs),
    frames: frames.length, medianFrameMs: at(frames, 0.5), p99FrameMs: at(frames, 0.99), longestFrameMs: at(frames, 1),
    longTasks: tasks.length, longestTaskMs: at(tasks, 1),
    keys: keys.length, p95KeyMs: at(keys, 0.95), longestKeyMs: at(keys, 1),
  };
})()`;

/** Watches the page's frames, long tasks and keys while something is done. */
export async function probeFrames(page: Page, action: () => Promise<void>): Promise<FrameReport> {
  await page.evaluate(start);
  await action();
  return page.evaluate(stop);
}
