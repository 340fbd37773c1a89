import { bytesOf, clientFrame, closeFrame, fragmented } from "./websocket-frames.ts";
import type { Heard } from "./websocket-test-client.ts";
import { utf8Groups } from "./websocket-utf8-cases.ts";

/** What the client does next. */
export type Step =
  /** Sends; in chops of so many bytes, where that is given. */
  | { readonly send: Uint8Array; readonly chopBytes?: number }
  /** Waits until it has heard so many things. */
  | { readonly until: number }
  /** Waits until everything has happened that happens by itself, and the connection is still open. */
  | "stillOpen"
  /** The same, and the server has closed it. */
  | "closed";

/** One case of the Autobahn test suite, with a server that echoes. */
export interface AutobahnCase {
  readonly id: string;
  readonly what: string;
  /** Made when the case runs, because some are large. */
  readonly steps: () => Step[];
  readonly heard: () => Heard[];
  /** Who sends the first close frame. "frame": the client, as one of the steps. */
  readonly closedBy: "client" | "frame" | "server";
  /** What the server's close frame may say; undefined: nothing. */
  readonly codes: readonly (number | undefined)[];
  /** About what goes over the wire. */
  readonly wireBytes: number;
  /** Messages sent one after the other, each when the echo of the one before has come. */
  readonly rounds?: number;
}

const TEXT = 1;
const BINARY = 2;
const PING = 9;
const PONG = 10;
const hello = "Hello, world!";
const oddBytes = "\x00\xff\xfe\xfd\xfc\xfb\x00\xff";

const text = (payload: string): Heard => ["text", payload];
const binary = (payload: string): Heard => ["binary", payload];
const pong = (payload: string): Heard => ["pong", payload];

/** The client closes with 1000 when it has heard what it expects. */
function clean(id: string, what: string, steps: Step[], heard: Heard[]): AutobahnCase {
  return {
    id,
    what,
    steps: () => steps,
    heard: () => heard,
    closedBy: "client",
    codes: [1000],
    wireBytes: bytesIn(steps),
  };
}

/** The server must fail the connection. */
function failed(id: string, what: string, steps: Step[], heard: Heard[] = [], code = 1002): AutobahnCase {
  return {
    id,
    what,
    steps: () => steps,
    heard: () => heard,
    closedBy: "server",
    codes: [code],
    wireBytes: bytesIn(steps),
  };
}

/** The client's close frame is among the steps. */
function closing(
  id: string,
  what: string,
  steps: Step[],
  codes: (number | undefined)[],
  heard: Heard[] = [],
): AutobahnCase {
  return {
    id,
    what,
    steps: () => steps,
    heard: () => heard,
    closedBy: "frame",
    codes,
    wireBytes: bytesIn(steps),
  };
}

function bytesIn(steps: readonly Step[]): number {
  return steps.reduce(
    (sum, step) => sum + (typeof step === "object" && "send" in step ? step.send.length : 0),
    0,
  );
}

/** Frames in one piece. */
function together(...frames: Uint8Array[]): Step[] {
  return [{ send: Buffer.concat(frames) }];
}

/** Each frame in a turn of its own. */
function apart(...frames: Uint8Array[]): Step[] {
  return frames.map((send) => ({ send }));
}

function octetWise(...frames: Uint8Array[]): Step[] {
  return [{ send: Buffer.concat(frames), chopBytes: 1 }];
}

const frame = (opcode: number, payload = "", rsv = 0): Buffer => clientFrame({ opcode, payload, rsv });
const part = (opcode: number, payload: string): Buffer => clientFrame({ opcode, payload, fin: false });

/** Group 1: framing of messages of many sizes. */
function framing(): AutobahnCase[] {
  const sizes: [number, number | undefined][] = [
    ...[0, 125, 126, 127, 128, 65_535, 65_536].map((size): [number, undefined] => [size, undefined]),
    [65_536, 997],
  ];
  return [TEXT, BINARY].flatMap((opcode) =>
    sizes.map(([size, chopBytes], index) => {
      const payload = (opcode === TEXT ? "*" : "\xfe").repeat(size);
      const what = `${opcode === TEXT ? "text" : "binary"}, ${size} bytes${chopBytes ? `, chops of ${chopBytes}` : ""}`;
      const send = frame(opcode, payload);
      const step: Step = chopBytes === undefined ? { send } : { send, chopBytes };
      return clean(
        `1.${opcode}.${index + 1}`,
        what,
        [step],
        [opcode === TEXT ? text(payload) : binary(payload)],
      );
    }),
  );
}

/** Group 2: pings and pongs. */
function pings(): AutobahnCase[] {
  const ten = Array.from({ length: 10 }, (_, index) => `payload-${index}`);
  const pinged = (payload: string): [Step[], Heard[]] => [together(frame(PING, payload)), [pong(payload)]];
  const long = "\xfe".repeat(125);
  return [
    clean("2.1", "a ping without payload", ...pinged("")),
    clean("2.2", "a ping with text", ...pinged(hello)),
    clean("2.3", "a ping with bytes that are no text", ...pinged(oddBytes)),
    clean("2.4", "a ping of 125 bytes", ...pinged(long)),
    failed("2.5", "a ping of 126 bytes", together(frame(PING, `${long}\xfe`))),
    clean("2.6", "a ping of 125 bytes, octet-wise", octetWise(frame(PING, long)), [pong(long)]),
    closing("2.7", "a pong nobody asked for", together(frame(PONG), closeFrame(1000)), [1000]),
    closing("2.8", "the same with payload", together(frame(PONG, "unsolicited"), closeFrame(1000)), [1000]),
    clean("2.9", "the same, then a ping", together(frame(PONG, "unsolicited"), frame(PING, "ping payload")), [
      pong("ping payload"),
    ]),
    clean("2.10", "ten pings", together(...ten.map((payload) => frame(PING, payload))), ten.map(pong)),
    clean(
      "2.11",
      "ten pings, octet-wise",
      octetWise(...ten.map((payload) => frame(PING, payload))),
      ten.map(pong),
    ),
  ];
}

/** Group 3: reserved bits. */
function reservedBits(): AutobahnCase[] {
  const around = (rsv: number): Buffer[] => [frame(TEXT, hello), frame(TEXT, hello, rsv), frame(PING)];
  return [
    failed("3.1", "RSV = 1", together(frame(TEXT, hello, 1))),
    failed("3.2", "RSV = 2 behind a message", together(...around(2)), [text(hello)]),
    failed("3.3", "RSV = 3, frame-wise", apart(...around(3)), [text(hello)]),
    failed("3.4", "RSV = 4, octet-wise", octetWise(...around(4)), [text(hello)]),
    failed("3.5", "RSV = 5, binary", together(frame(BINARY, oddBytes, 5))),
    failed("3.6", "RSV = 6, a ping", together(frame(PING, hello, 6))),
    failed("3.7", "RSV = 7, a close frame", together(frame(8, "", 7))),
  ];
}

/** Group 4: reserved opcodes. */
function opcodes(): AutobahnCase[] {
  return [3, 11].flatMap((first, group) => {
    const id = (index: number): string => `4.${group + 1}.${index + 1}`;
    const around = (index: number, payload: string): Buffer[] => [
      frame(TEXT, hello),
      frame(first + index, payload),
      frame(PING),
    ];
    return [
      failed(id(0), `opcode ${first}`, together(frame(first))),
      failed(
        id(1),
        `opcode ${first + 1} with payload`,
        together(frame(first + 1, "reserved opcode payload")),
      ),
      failed(id(2), `opcode ${first + 2} behind a message`, together(...around(2, "")), [text(hello)]),
      failed(id(3), `opcode ${first + 3} with payload`, together(...around(3, hello)), [text(hello)]),
      failed(id(4), `opcode ${first + 4}, octet-wise`, octetWise(...around(4, hello)), [text(hello)]),
    ];
  });
}

/** Group 5: fragments. */
function fragments(): AutobahnCase[] {
  const two = [part(TEXT, "fragment1"), frame(0, "fragment2")];
  const between = [part(TEXT, "fragment1"), frame(PING, "ping payload"), frame(0, "fragment2")];
  const whole = [text("fragment1fragment2")];
  const withPong = [pong("ping payload"), ...whole];
  const lastAlone = [frame(0, "non-continuation payload"), frame(TEXT, hello)];
  const partAlone = [part(0, "non-continuation payload"), frame(TEXT, hello)];
  const begun = [part(TEXT, "fragment1"), part(0, "fragment2"), frame(PING, "pongme 1!")];
  const rest = [part(0, "fragment3"), part(0, "fragment4"), frame(PING, "pongme 2!"), frame(0, "fragment5")];
  const five = [pong("pongme 1!"), pong("pongme 2!"), text("fragment1fragment2fragment3fragment4fragment5")];
  const alone = "nothing to continue";
  return [
    failed("5.1", "a ping in two fragments", together(part(PING, "fragment1"), frame(0, "fragment2"))),
    failed("5.2", "a pong in two fragments", together(part(PONG, "fragment1"), frame(0, "fragment2"))),
    clean("5.3", "two fragments", together(...two), whole),
    clean("5.4", "two fragments, frame-wise", apart(...two), whole),
    clean("5.5", "two fragments, octet-wise", octetWise(...two), whole),
    clean("5.6", "a ping between fragments", together(...between), withPong),
    clean("5.7", "a ping between fragments, frame-wise", apart(...between), withPong),
    clean("5.8", "a ping between fragments, octet-wise", octetWise(...between), withPong),
    failed("5.9", `${alone}, FIN set`, together(...lastAlone)),
    failed("5.10", `${alone}, FIN set, frame-wise`, apart(...lastAlone)),
    failed("5.11", `${alone}, FIN set, octet-wise`, octetWise(...lastAlone)),
    failed("5.12", `${alone}, FIN clear`, together(...partAlone)),
    failed("5.13", `${alone}, FIN clear, frame-wise`, apart(...partAlone)),
    failed("5.14", `${alone}, FIN clear, octet-wise`, octetWise(...partAlone)),
    failed(
      "5.15",
      `a message, then ${alone}`,
      together(...two, part(0, "fragment3"), frame(TEXT, "fragment4")),
      whole,
    ),
    failed(
      "5.16",
      `twice ${alone}, FIN clear`,
      together(part(0, "fragment1"), ...two, part(0, "fragment1"), ...two),
    ),
    failed(
      "5.17",
      `twice ${alone}, FIN set`,
      together(frame(0, "fragment1"), ...two, frame(0, "fragment1"), ...two),
    ),
    failed("5.18", "a text inside a text", together(part(TEXT, "fragment1"), frame(TEXT, "fragment2"))),
    clean(
      "5.19",
      "five fragments and two pings",
      [...together(...begun), { until: 1 }, ...together(...rest)],
      five,
    ),
    clean("5.20", "the same, frame-wise", [...apart(...begun), { until: 1 }, ...apart(...rest)], five),
  ];
}

/** Group 6: UTF-8. */
function utf8(): AutobahnCase[] {
  const latin1 = (value: string): string => Buffer.from(value, "utf8").toString("latin1");
  const greeting = latin1("Hello-µ@ßöäüàá-UTF-8!!");
  const [first, second] = [latin1("Hello-µ@ßöä"), latin1("üàá-UTF-8!!")];
  const kosme = latin1("κ\u1f79σμε");
  const surrogate = `${kosme}\xed\xa0\x80edited`;
  const tooHigh = `${kosme}\xf4\x90\x80\x80edited`;
  const [head, middle, tail] = [part(TEXT, kosme), part(0, "\xf4\x90\x80\x80"), frame(0, "edited")];
  const [until12, at12, after12] = [tooHigh.slice(0, 12), tooHigh.slice(12, 13), tooHigh.slice(13)];
  const oneFrame = frame(TEXT, tooHigh);
  /** Chops of the one frame, by where they end in the payload. */
  const chops = (...ends: number[]): Uint8Array[] => {
    const cuts = [0, ...ends.map((end) => oneFrame.length - tooHigh.length + end), oneFrame.length];
    return cuts.slice(1).map((cut, index) => oneFrame.subarray(cuts[index], cut));
  };
  /** In one frame the text is looked at when all of it is there, which the suite counts as NON-STRICT. */
  const lenient = (id: string, what: string, parts: readonly Uint8Array[]): AutobahnCase =>
    failed(
      id,
      `${what} (NON-STRICT: failed when the frame is whole)`,
      parts.flatMap((send, index): Step[] => [{ send }, index < parts.length - 1 ? "stillOpen" : "closed"]),
      [],
      1007,
    );
  const empty = [part(TEXT, ""), part(0, ""), frame(0, "")];
  return [
    clean("6.1.1", "an empty text", together(frame(TEXT)), [text("")]),
    clean("6.1.2", "three empty fragments", together(...empty), [text("")]),
    clean(
      "6.1.3",
      "an empty fragment, one with text, an empty one",
      together(part(TEXT, ""), part(0, "middle"), frame(0)),
      [text("middle")],
    ),
    clean("6.2.1", "valid, one frame", together(frame(TEXT, greeting)), [text(greeting)]),
    clean("6.2.2", "valid, cut between characters", together(part(TEXT, first), frame(0, second)), [
      text(greeting),
    ]),
    clean("6.2.3", "valid, fragments of one byte", together(fragmented(TEXT, greeting, 1)), [text(greeting)]),
    clean("6.2.4", "valid Greek, fragments of one byte", together(fragmented(TEXT, kosme, 1)), [text(kosme)]),
    failed("6.3.1", "a surrogate, one frame", together(frame(TEXT, surrogate)), [], 1007),
    failed("6.3.2", "a surrogate, fragments of one byte", together(fragmented(TEXT, surrogate, 1)), [], 1007),
    failed(
      "6.4.1",
      "too high, failed at the fragment that has it",
      [{ send: head }, "stillOpen", { send: middle }, "closed", { send: tail }],
      [],
      1007,
    ),
    failed(
      "6.4.2",
      "too high, failed at the byte that makes it so",
      [
        { send: part(TEXT, until12) },
        "stillOpen",
        { send: part(0, at12) },
        "closed",
        { send: frame(0, after12) },
      ],
      [],
      1007,
    ),
    lenient("6.4.3", "too high, in three chops of one frame", chops(kosme.length, kosme.length + 4)),
    lenient("6.4.4", "too high, chopped around the wrong byte", chops(12, 13)),
    ...utf8Groups.flatMap(({ group, what, cases }) =>
      cases.map(([isValid, hex], index) => {
        const payload = Buffer.from(hex, "hex").toString("latin1");
        const steps = together(frame(TEXT, payload));
        const id = `6.${group}.${index + 1}`;
        return isValid ? clean(id, what, steps, [text(payload)]) : failed(id, what, steps, [], 1007);
      }),
    ),
  ];
}

/** Group 7: closing. */
function closes(): AutobahnCase[] {
  const long = "BAsd7&jh23".repeat(26_215).slice(0, 262_144);
  const badReason = Buffer.from("cebae1bdb9cf83cebcceb5eda080656469746564", "hex");
  const behind = (what: Buffer): Step[] => together(closeFrame(1000), what);
  return [
    clean("7.1.1", "a message, then a close frame", together(frame(TEXT, "Hello World!")), [
      text("Hello World!"),
    ]),
    closing("7.1.2", "two close frames", behind(closeFrame()), [1000]),
    closing("7.1.3", "a ping behind a close frame", behind(frame(PING)), [1000]),
    closing("7.1.4", "a text behind a close frame", behind(frame(TEXT, "Hello World!")), [1000]),
    closing(
      "7.1.5",
      "a close frame inside a message",
      together(part(TEXT, "fragment1"), closeFrame(1000), frame(0, "fragment2")),
      [1000],
    ),
    closing(
      "7.1.6",
      "256 KiB, a message, a close frame, a ping",
      together(frame(TEXT, long), frame(TEXT, "Hello World!"), closeFrame(1000), frame(PING)),
      [1000],
      [text(long), text("Hello World!")],
    ),
    closing("7.3.1", "no code", together(closeFrame()), [undefined]),
    closing("7.3.2", "a payload of one byte", together(frame(8, "a")), [1002]),
    closing("7.3.3", "a code", together(closeFrame(1000)), [1000]),
    closing("7.3.4", "a code and a reason", together(closeFrame(1000, hello)), [1000]),
    closing("7.3.5", "a reason of 123 bytes", together(closeFrame(1000, "*".repeat(123))), [1000]),
    closing("7.3.6", "a reason of 124 bytes", together(closeFrame(1000, "*".repeat(124))), [1002]),
    closing("7.5.1", "a reason that is not UTF-8", together(closeFrame(1000, badReason)), [1007]),
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code, index) =>
      closing(`7.7.${index + 1}`, `code ${code}`, together(closeFrame(code)), [code]),
    ),
    ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].map((code, index) =>
      closing(`7.9.${index + 1}`, `code ${code}, which is not allowed`, together(closeFrame(code)), [1002]),
    ),
    closing("7.13.1", "code 5000", together(closeFrame(5000)), [1002]),
    closing("7.13.2", "code 65535", together(closeFrame(65_535)), [1002]),
  ];
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Group 9: size and number. */
function large(): AutobahnCase[] {
  const cases: AutobahnCase[] = [];
  const add = (
    id: string,
    what: string,
    opcode: number,
    size: number,
    steps: (payload: Buffer) => Step[],
  ): void => {
    const pattern = opcode === TEXT ? "BAsd7&jh23" : "\x00\xfe\x23\xfa\xf0";
    const payload = (): Buffer => Buffer.alloc(size, bytesOf(pattern));
    const heard = (): Heard[] => [[opcode === TEXT ? "text" : "binary", payload().toString("latin1")]];
    const wireBytes = size;
    cases.push({
      id,
      what,
      steps: () => steps(payload()),
      heard,
      closedBy: "client",
      codes: [1000],
      wireBytes,
    });
  };
  for (const opcode of [TEXT, BINARY]) {
    const kind = opcode === TEXT ? "text" : "binary";
    for (const [index, size] of [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB].entries()) {
      add(`9.${opcode}.${index + 1}`, `${kind}, ${size / KIB} KiB`, opcode, size, (payload) => [
        { send: clientFrame({ opcode, payload }) },
      ]);
    }
    for (let index = 0; index < 9; index++) {
      const size = 64 * 4 ** index;
      add(
        `9.${opcode + 2}.${index + 1}`,
        `${kind}, 4 MiB in fragments of ${size}`,
        opcode,
        4 * MIB,
        (payload) => [{ send: fragmented(opcode, payload, size) }],
      );
    }
    for (let index = 0; index < 6; index++) {
      const chopBytes = 64 * 2 ** index;
      add(
        `9.${opcode + 4}.${index + 1}`,
        `${kind}, 1 MiB in chops of ${chopBytes}`,
        opcode,
        MIB,
        (payload) => [{ send: clientFrame({ opcode, payload }), chopBytes }],
      );
    }
    for (const [index, size] of [0, 16, 64, 256, 1024, 4096].entries()) {
      const payload = (opcode === TEXT ? "*" : "\xfe").repeat(size);
      const rounds = 1000;
      cases.push({
        id: `9.${opcode + 6}.${index + 1}`,
        what: `${rounds} times ${kind}, ${size} bytes, one after the other`,
        steps: () => together(frame(opcode, payload)),
        heard: () =>
          Array.from({ length: rounds }, () => (opcode === TEXT ? text(payload) : binary(payload))),
        closedBy: "client",
        codes: [1000],
        wireBytes: size * rounds,
        rounds,
      });
    }
  }
  return cases;
}

/** Group 10: fragments made by the sender's library. */
function automatic(): AutobahnCase[] {
  const payload = "*".repeat(65_536);
  return [
    clean("10.1.1", "64 KiB in fragments of 1300", together(fragmented(TEXT, payload, 1300)), [
      text(payload),
    ]),
  ];
}

/** The cases of the groups 1 to 7, 9 and 10, in their order. */
export function autobahnCases(): AutobahnCase[] {
  return [
    ...framing(),
    ...pings(),
    ...reservedBits(),
    ...opcodes(),
    ...fragments(),
    ...utf8(),
    ...closes(),
    ...large(),
    ...automatic(),
  ];
}
