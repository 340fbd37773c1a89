import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "./codes.ts";
import { MessageKind } from "./generated/portico/v1/portico_pb.js";
import { packetSize } from "./packet-encoder.ts";
import { ROOM_NAME_MAX, USER_NAME_MAX } from "./names.ts";
import {
  checkClientMessageId,
  checkGuestKey,
  checkLabel,
  checkPassword,
  checkQuery,
  checkReaction,
  checkReason,
  checkText,
  checkTopic,
  CLIENT_MESSAGE_ID_MAX_BYTES,
  TEXT_PACKET_OVERHEAD_BYTES,
} from "./text.ts";

describe("texts", () => {
  it("allows what people write", () => {
    for (const text of [
      "hi",
      "a\nb\tc",
      "안녕하세요",
      "👩‍👩‍👧",
      " x ",
      "\u202eright to left",
      "x".repeat(4000),
    ]) {
      assert.deepEqual(checkText(text), { ok: true });
    }
  });

  it("says in plain words what is wrong", () => {
    const controls = "the text has control characters; only line feed and tab are allowed";
    const wrong: readonly (readonly [string, string])[] = [
      ["", "the text is empty"],
      [" \n\t\u3000", "the text is empty"],
      ["x".repeat(4001), "the text is longer than 4000 bytes"],
      ["가".repeat(1334), "the text is longer than 4000 bytes"],
      ["a\u0000", controls],
      ["a\u001b[31m", controls],
      ["a\r\nb", controls],
      ["a\u007f", controls],
      ["a\u0085", controls],
      ["a\ud800", "the text has half a character (a lone surrogate)"],
    ];
    for (const [text, reason] of wrong) assert.deepEqual(checkText(text), { ok: false, reason });
  });

  it("counts bytes, with a limit of one's own", () => {
    assert.ok(checkText("가가", 6).ok);
    assert.ok(!checkText("가가", 5).ok);
  });

  it("leaves room for everything else in a packet", () => {
    const name = "𠮷".repeat(USER_NAME_MAX);
    const most = { requestId: 0xffff_ffff, roomId: 0xffff_ffff, offset: Number.MAX_SAFE_INTEGER };
    const { offset: replyTo } = most;
    const time = { timeMs: Number.MAX_SAFE_INTEGER };
    const text = "x".repeat(4000);
    const id = "x".repeat(CLIENT_MESSAGE_ID_MAX_BYTES);
    const about = { kind: MessageKind.REACTION_REMOVED, target: most.offset, replyTo };
    const state = { editedMs: most.offset, deleted: true };
    const live = { roomId: most.roomId, offset: most.offset, ...time, text, ...about };
    const notice = { ...live, sender: name, ...state };
    const sizes = [
      packetSize(PacketType.MESSAGE_NOTICE, notice),
      packetSize(PacketType.WHISPER_NOTICE, { ...live, from: name, to: name }),
      packetSize(PacketType.PUBLISH_REQUEST, { ...most, clientMessageId: id, text, replyTo }),
      packetSize(PacketType.EDIT_MESSAGE_REQUEST, { ...most, clientMessageId: id, text }),
      packetSize(PacketType.WHISPER_REQUEST, {
        requestId: most.requestId,
        to: name,
        clientMessageId: id,
        text,
        replyTo,
      }),
      packetSize(PacketType.HISTORY_RESPONSE, { requestId: most.requestId, messages: [notice], more: true }),
    ];
    for (const size of sizes) assert.ok(size <= 4000 + TEXT_PACKET_OVERHEAD_BYTES, `${size}`);
    assert.ok(ROOM_NAME_MAX * 4 < TEXT_PACKET_OVERHEAD_BYTES);
  });
});

describe("client message ids", () => {
  it("has 1 to 64 bytes without control characters", () => {
    for (const id of ["1", "x".repeat(64), "b2a1c0de-0000-4000-8000-000000000000"]) {
      assert.ok(checkClientMessageId(id).ok);
    }
    for (const id of ["", "x".repeat(65), "가".repeat(22), "a\n", "\ud800"]) {
      assert.ok(!checkClientMessageId(id).ok);
    }
  });
});

describe("passwords", () => {
  it("has 8 to 256 characters", () => {
    assert.ok(checkPassword("12345678").ok);
    assert.ok(checkPassword("🙂".repeat(256)).ok);
    assert.deepEqual(checkPassword("1234567"), { ok: false, reason: "a password has at least 8 characters" });
    const long = { ok: false, reason: "a password has at most 256 characters" };
    assert.deepEqual(checkPassword("x".repeat(257)), long);
    assert.deepEqual(checkPassword("x".repeat(1_000_000)), long);
    assert.ok(!checkPassword("1234567\n8").ok);
    assert.ok(!checkPassword("1234567\ud800").ok);
  });

  it("is the same however its characters were typed", () => {
    assert.deepEqual(checkPassword("pässword"), checkPassword("pa\u0308ssword"));
    // Letters that only look alike stay different, and so does case.
    assert.notDeepEqual(checkPassword("Password"), checkPassword("password"));
  });
});

describe("guest keys", () => {
  it("has 16 to 64 bytes", () => {
    for (const length of [16, 64]) assert.ok(checkGuestKey(new Uint8Array(length)).ok);
    for (const length of [0, 15, 65]) assert.ok(!checkGuestKey(new Uint8Array(length)).ok);
  });
});

describe("reactions", () => {
  it("has one to four characters in 1 to 32 bytes", () => {
    for (const reaction of ["👍", "👩‍👩‍👧", "🇰🇷", "e\u0301", "+1", "ㅋㅋㅋㅋ", "👍🏽👍🏽👍🏽👍🏽"]) {
      assert.ok(checkReaction(reaction).ok, reaction);
    }
    for (const reaction of ["", "👍 ", "a\u3000b", "12345", "a\u0000", "\ud800", `a${"\u0301".repeat(16)}`]) {
      assert.ok(!checkReaction(reaction).ok, JSON.stringify(reaction));
    }
  });
});

describe("texts of one line", () => {
  it("have a limit in bytes and no control characters", () => {
    for (const [check, most, what] of [
      [checkLabel, 64, "label"],
      [checkTopic, 256, "topic"],
      [checkReason, 256, "reason"],
      [checkQuery, 256, "query"],
    ] as const) {
      assert.ok(check("x".repeat(most)).ok);
      assert.ok(check(what).ok);
      const reason = `the ${what} is longer than ${most} bytes`;
      assert.deepEqual(check("x".repeat(most + 1)), { ok: false, reason });
      assert.deepEqual(check("가".repeat(Math.ceil(most / 3))), { ok: false, reason });
      for (const text of ["a\nb", "a\u0000", "\ud800"]) assert.ok(!check(text).ok, what);
    }
  });

  it("may be empty, but for a query", () => {
    for (const check of [checkLabel, checkTopic, checkReason]) assert.ok(check("").ok);
    for (const query of ["", "  ", "\u3000"]) {
      assert.deepEqual(checkQuery(query), { ok: false, reason: "the query is empty" });
    }
  });
});
