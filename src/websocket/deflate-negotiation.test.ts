import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { negotiateDeflate } from "./deflate-negotiation.ts";
import { type DeflateSettings, deflateSettings } from "./deflate-settings.ts";
import { parseExtensions } from "./extension-header.ts";

const always = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

function answer(header: string, settings: Partial<DeflateSettings> = {}): string | undefined {
  const offers = parseExtensions(header);
  assert.ok(offers !== undefined, header);
  return negotiateDeflate(offers, deflateSettings(settings))?.header;
}

describe("negotiating permessage-deflate", () => {
  it("accepts what browsers and libraries offer, and keeps no window", () => {
    assert.equal(answer("permessage-deflate"), always);
    assert.equal(answer("permessage-deflate; client_max_window_bits"), always);
    assert.equal(answer("permessage-deflate; client_max_window_bits=12"), always);
    assert.equal(answer("permessage-deflate;server_no_context_takeover;client_no_context_takeover"), always);
    assert.equal(
      answer("permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"),
      `${always}; server_max_window_bits=12`,
    );
    assert.equal(
      answer('permessage-deflate; server_max_window_bits="15"'),
      `${always}; server_max_window_bits=12`,
    );
  });

  it("declines an offer that it cannot meet, and takes the next that it can", () => {
    assert.equal(answer("permessage-deflate; server_max_window_bits=11"), undefined);
    assert.equal(
      answer("permessage-deflate; server_max_window_bits=11", { windowBits: 9 }),
      `${always}; server_max_window_bits=9`,
    );
    assert.equal(answer("permessage-deflate; server_max_window_bits=8", { windowBits: 9 }), undefined);
    assert.equal(
      answer("x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=9, permessage-deflate"),
      always,
    );
  });

  it("holds clients to a window where they let themselves be", () => {
    const settings = { clientWindowBits: 10 };
    assert.equal(answer("permessage-deflate", settings), always);
    assert.equal(
      answer("permessage-deflate; client_max_window_bits", settings),
      `${always}; client_max_window_bits=10`,
    );
    assert.equal(
      answer("permessage-deflate; client_max_window_bits=9", settings),
      `${always}; client_max_window_bits=9`,
    );
  });

  it("declines offers that are not valid", () => {
    for (const parameters of [
      "server_no_context_takeover=1",
      "client_no_context_takeover=true",
      "server_max_window_bits",
      "server_max_window_bits=16",
      "server_max_window_bits=7",
      "server_max_window_bits=015",
      "client_max_window_bits=08",
      "client_max_window_bits=1e1",
      "client_max_window_bits; client_max_window_bits",
      "server_no_context_takeover; server_no_context_takeover",
      "unknown",
      "Server_No_Context_Takeover",
    ]) {
      assert.equal(answer(`permessage-deflate; ${parameters}`), undefined, parameters);
    }
    assert.equal(answer("deflate-frame"), undefined);
  });
});

describe("parseExtensions", () => {
  it("reads names, values, quoted values", () => {
    assert.deepEqual(parseExtensions(' a ;b ; c=d;e = "f" ,\tg;h="\\i"'), [
      {
        name: "a",
        parameters: [
          ["b", undefined],
          ["c", "d"],
          ["e", "f"],
        ],
      },
      { name: "g", parameters: [["h", "i"]] },
    ]);
  });

  it("says of junk that it is malformed", () => {
    for (const junk of [
      "",
      " ",
      ",",
      "a,",
      ",a",
      "a;",
      "a; ",
      "a;;b",
      "a;=b",
      "a=b",
      "a;b=",
      'a;b="',
      'a;b=""',
      'a;b="c d"',
      "a b",
      "a;b c",
      "ä",
      "a;b=ä",
      "a\r\nb",
      "a;b=c=d",
      'a;b="c"d',
      'a;b="\\"',
      "(a)",
      "a/b",
      "\0",
      `a${";b".repeat(17)}`,
    ]) {
      assert.equal(parseExtensions(junk), undefined, JSON.stringify(junk));
    }
  });

  it("looks at sixteen offers", () => {
    assert.equal(parseExtensions("a,".repeat(100))?.length, 16);
  });

  it("is not slow with long junk", () => {
    for (const junk of [
      "a;".repeat(50_000),
      `a;b="${"\\a".repeat(50_000)}`,
      " ".repeat(100_000),
      `a;b=${"c".repeat(100_000)} d`,
    ]) {
      assert.equal(parseExtensions(junk), undefined);
    }
  });
});
