import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { en } from "../../i18n/en.ts";
import { ko } from "../../i18n/ko.ts";
import type { Notice } from "../../state/contract.ts";
import { failureText } from "../failure-text.ts";
import { noticeText } from "./notice-text.ts";

const notice = (change: Partial<Notice>): Notice => {
  return { id: 1, tone: "info", code: "copied", params: {}, failure: undefined, ...change };
};

describe("noticeText", () => {
  it("fills in who, where and why", () => {
    const kicked = notice({ code: "roomKicked", params: { room: "design", detail: "off topic" } });
    assert.equal(noticeText(kicked, en), "You were removed from design. Reason: off topic");
    assert.equal(noticeText(kicked, ko), "‘design’ 방에서 내보내졌습니다. 사유: off topic");
    assert.equal(
      noticeText(notice({ code: "roleChanged", params: { room: "design", role: "moderator" } }), en),
      "Your role in design is now: Moderator.",
    );
    assert.equal(
      noticeText(notice({ code: "othersRevoked", params: { count: 1 } }), en),
      "1 other device is signed out.",
    );
  });

  it("says what was not done, and why", () => {
    const failure = { code: "PERMISSION_DENIED", detail: "not yours", retryAtMs: 0 } as const;
    assert.equal(
      noticeText(notice({ code: "failed", params: { action: "edit" }, failure }), en),
      "The message was not changed. You may not do this. (not yours)",
    );
    assert.equal(noticeText(notice({ code: "failed" }), en), "That was not done.");
  });
});

describe("failureText", () => {
  it("adds the server's words where the code does not say all, and nowhere else", () => {
    const failure = (code: "TEXT_REFUSED" | "MUTED", detail: string) => ({ code, detail, retryAtMs: 0 });
    assert.match(failureText(failure("TEXT_REFUSED", "no links here"), en), /no links here/);
    assert.equal(failureText(failure("TEXT_REFUSED", "TEXT_REFUSED"), en), en.failures.TEXT_REFUSED);
    assert.equal(failureText(failure("MUTED", "muted by ada"), en), en.failures.MUTED);
  });
});
