import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { History } from "./admin-types.ts";
import { joinHistory, lastSampleMs, pointsOf } from "./history-window.ts";

function historyOf(timesMs: number[], capacity = 5): History {
  const values = timesMs.map((timeMs) => timeMs / 10);
  return { intervalMs: 5000, capacity, timesMs, series: seriesOf(values) };
}

function seriesOf(values: (number | null)[]): History["series"] {
  return {
    sessionsTcp: values,
    sessionsWebsocket: values,
    signedIn: values,
    slow: values,
    rooms: values,
    messagesPublished: values,
    deliveries: values,
    bytesIn: values,
    bytesOut: values,
    logins: values,
    disconnects: values,
    rssBytes: values,
    heapUsedBytes: values,
    sendBufferUsedBytes: values,
    queueBytes: values,
    commitP50Ms: values,
    commitP99Ms: values,
    fanOutP99Ms: values,
    loopDelayP50Ms: values,
    loopDelayP99Ms: values,
    loopDelayMaxMs: values,
  };
}

describe("the last hour, as it is put together", () => {
  it("takes newer samples at its end and drops the oldest", () => {
    const joined = joinHistory(historyOf([10, 20, 30, 40]), historyOf([50, 60]));
    assert.deepEqual(joined.timesMs, [20, 30, 40, 50, 60]);
    assert.deepEqual(joined.series.rooms, [2, 3, 4, 5, 6]);
    assert.equal(lastSampleMs(joined), 60);
  });

  it("stays as it is when nothing is new", () => {
    const older = historyOf([10]);
    assert.equal(joinHistory(older, historyOf([])), older);
    assert.equal(lastSampleMs(undefined), 0);
  });

  it("begins anew when time has gone back", () => {
    const newer = historyOf([15]);
    assert.equal(joinHistory(historyOf([10, 20]), newer), newer);
  });

  it("keeps holes", () => {
    const history = { ...historyOf([10, 20]), series: seriesOf([null, 7]) };
    assert.deepEqual(pointsOf(history, "rooms"), [
      { timeMs: 10, value: undefined },
      { timeMs: 20, value: 7 },
    ]);
  });
});
