import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FACE_COUNT, faceOf, initialsOf } from "./face.ts";

describe("faces", () => {
  it("have the colour of the name, however it is written", () => {
    assert.equal(faceOf("Ada"), faceOf("ada"));
    const used = new Set(Array.from({ length: 200 }, (_, index) => faceOf(`user${index}`)));
    assert.equal(used.size, FACE_COUNT);
    for (const face of used) assert.ok(face >= 1 && face <= FACE_COUNT);
  });

  it("have initials that people know their names by", () => {
    for (const [name, initials] of [
      ["ada", "A"],
      ["Ada Lovelace", "AL"],
      ["ada.lovelace", "AL"],
      ["김서연", "서연"],
      ["남궁민수", "남궁"],
      ["李雷", "李雷"],
      ["🦊 fox", "🦊"],
      ["é", "É"],
      ["", "?"],
    ] as const) {
      assert.equal(initialsOf(name), initials, name);
    }
  });
});
