import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findLinks } from "./find-links.ts";

const texts = (text: string): string[] => findLinks(text).map(({ start, end }) => text.slice(start, end));

describe("findLinks", () => {
  it("finds http and https alone", () => {
    assert.deepEqual(texts("see https://a.example/x and http://b.example"), [
      "https://a.example/x",
      "http://b.example",
    ]);
    for (const text of [
      "javascript:alert(1)",
      "data:text/html,<script>",
      "ftp://a.example",
      "xhttps://a.example",
      "//a.example",
      "mailto:a@b.example",
      "https://",
      "http:// a",
    ]) {
      assert.deepEqual(findLinks(text), [], text);
    }
  });

  it("leaves punctuation behind a link out", () => {
    for (const [text, link] of [
      ["go to https://a.example.", "https://a.example"],
      ["https://a.example, then", "https://a.example"],
      ["(https://a.example/x)", "https://a.example/x"],
      ["(see https://a.example/x).", "https://a.example/x"],
      ["https://a.example/?q=1!?", "https://a.example/?q=1"],
      ["「https://a.example/」", "https://a.example/"],
      ["“https://a.example”", "https://a.example"],
      ["https://a.example。", "https://a.example"],
    ] as const) {
      assert.deepEqual(texts(text), [link], text);
    }
  });

  it("keeps brackets that belong to the link", () => {
    const link = "https://en.example/wiki/Portico_(architecture)";
    assert.deepEqual(texts(`(${link})`), [link]);
    assert.deepEqual(texts(`${link}.`), [link]);
  });

  it("tells a Korean particle from the host, and keeps Korean paths", () => {
    assert.deepEqual(texts("https://example.com에서 봐요"), ["https://example.com"]);
    assert.deepEqual(texts("https://ko.example/위키/대한민국 참고"), ["https://ko.example/위키/대한민국"]);
  });

  it("makes no link of what misleads", () => {
    for (const text of [
      "https://bank.example@evil.example/",
      "https://user:word@evil.example/",
      "https://a.example/\u202egnp.exe",
      "https://a.exa\u200bmple/",
    ]) {
      assert.deepEqual(findLinks(text), [], text);
    }
  });

  it("cuts at what cannot be in an address", () => {
    assert.deepEqual(texts('<https://a.example/x>"https://b.example/"'), [
      "https://a.example/x",
      "https://b.example/",
    ]);
    assert.equal(findLinks("https://a.example/a b")[0]?.href, "https://a.example/a");
  });

  it("gives the address as the browser would take it", () => {
    assert.equal(findLinks("HTTPS://A.example")[0]?.href, "https://a.example/");
    assert.equal(findLinks("https://한국.example/")[0]?.href, "https://xn--3e0b707e.example/");
  });
});
