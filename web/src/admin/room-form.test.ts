import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RoomDetails } from "./admin-types.ts";
import { changeOf, formOf } from "./room-form.ts";

const room: RoomDetails = {
  id: 3,
  name: "dev",
  kind: "logged",
  epoch: "e",
  firstOffset: 1,
  lastOffset: 20,
  access: "public",
  hasPassword: false,
  topic: "builds",
  archived: false,
  slowModeMs: 5000,
  slowReader: "catchUp",
  retentionAgeMs: 0,
  retentionCount: 0,
};

describe("a room's settings as they are typed", () => {
  it("change nothing when nothing was typed", () => {
    assert.deepEqual(changeOf(room, formOf(room)), { change: {}, errors: {} });
    const odd = { ...room, slowModeMs: 5250 };
    assert.deepEqual(changeOf(odd, formOf(odd)).change, {});
  });

  it("change what was typed, and nothing else", () => {
    const form = {
      ...formOf(room),
      topic: "releases",
      slowMode: "1m",
      retentionCount: "1000",
      archived: true,
    };
    assert.deepEqual(changeOf(room, form), {
      change: { topic: "releases", slowModeMs: 60_000, retentionCount: 1000, archived: true },
      errors: {},
    });
    assert.deepEqual(changeOf(room, { ...formOf(room), slowMode: "" }).change, { slowModeMs: 0 });
  });

  it("keep a password that is not theirs to set", () => {
    const locked = { ...room, access: "password" as const, hasPassword: true };
    assert.deepEqual(changeOf(locked, formOf(locked)).change, {});
    assert.deepEqual(changeOf(locked, { ...formOf(locked), access: "private" }).change, {
      access: "private",
    });
  });

  it("are refused when they make no sense", () => {
    const form = { ...formOf(room), slowMode: "soon", retentionAge: "x", retentionCount: "-1" };
    assert.deepEqual(changeOf(room, form).errors, {
      slowMode: "duration",
      retentionAge: "duration",
      retentionCount: "count",
    });
  });
});
