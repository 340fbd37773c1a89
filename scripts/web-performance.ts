import { cpus } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { BrowserWorld } from "../test/browser/support/browser-world.ts";
import { whyNoBrowser } from "../test/browser/support/browser-skip.ts";
import { ChatPage } from "../test/browser/support/chat-page.ts";
import { firstLoadBytes } from "../test/browser/support/first-load-bytes.ts";
import { type FrameReport, probeFrames } from "../test/browser/support/frame-probe.ts";

/**
 * Measures the chat page in Chromium, against a server of its own: what the first load weighs, scrolling
 * through a long room, and a page that is open while a room is loud. `node scripts/web-performance.ts`
 * prints a table for web/README.md. Options: `--messages 10000 --rate 200 --seconds 10`.
 */
const SETTINGS = ["rates.packetsPerSecond=0", "rates.fanOutPerUser=0B", "rates.fanOutPerAddress=0B"];
const WHEEL_PX = 1200;
const TICK_MS = 50;
const KEY_PAUSE_MS = 200;

const messages = numberOption("--messages", 10_000);
const rate = numberOption("--rate", 200);
const seconds = numberOption("--seconds", 10);

const reason = whyNoBrowser();
if (reason !== false) {
  console.log(`nothing was measured: ${reason}`);
  process.exit(0);
}

const world = await BrowserWorld.open(SETTINGS);
try {
  const visitor = await world.visitor();
  console.log(
    `${visitor.page.context().browser()?.version()} on ${cpus().length} × ${cpus()[0]?.model.trim()}\n`,
  );
  await measureFirstLoad();
  const chat = await ChatPage.register(world, visitor, "reader");
  await measureScrolling(chat);
  await measureLoudRoom(chat);
} finally {
  await world.close();
}

async function measureFirstLoad(): Promise<void> {
  console.log("| First load, empty cache | compressed bytes | requests |\n| --- | ---: | ---: |");
  for (const path of ["/", "/admin"]) {
    const { bytes, requests } = await firstLoadBytes(world, path);
    console.log(`| \`${path}\` | ${bytes.toLocaleString("en")} | ${requests.length} |`);
  }
  console.log("");
}

/** From the newest message of a long room to the first one and back, by the wheel. */
async function measureScrolling(chat: ChatPage): Promise<void> {
  const { client } = await world.talker("chronicler");
  const { roomId } = await client.createRoom("annals");
  for (let sent = 0; sent < messages; sent += 500) {
    const size = Math.min(500, messages - sent);
    await Promise.all(
      Array.from({ length: size }, (_, index) => client.publish(roomId, textOf(sent + index + 1))),
    );
  }
  await chat.joinRoom("annals");
  await chat.message(`Entry ${messages}:`).first().waitFor();
  await chat.list.hover();
  const report = await probeFrames(chat.page, async () => {
    await scrollUntil(chat, -WHEEL_PX, "Entry 1:");
    await chat.page.getByRole("button", { name: /To the newest/ }).click();
    await chat.message(`Entry ${messages}:`).first().waitFor();
  });
  printReport(`${messages.toLocaleString("en")} messages scrolled from the newest to the first`, report);
}

async function scrollUntil(chat: ChatPage, step: number, text: string): Promise<void> {
  const wanted = chat.message(text).first();
  for (let turns = 0; turns < messages; turns++) {
    await chat.page.mouse.wheel(0, step);
    // Every now and then: looking takes the page's time, too.
    if (turns % 10 === 0 && (await wanted.isVisible())) return;
    await pause(16);
  }
  throw new Error(`${text} was never seen`);
}

/** Messages at a steady rate while somebody writes. */
async function measureLoudRoom(chat: ChatPage): Promise<void> {
  const talkers = await Promise.all(
    ["loud_a", "loud_b", "loud_c", "loud_d"].map((name) => world.talker(name)),
  );
  const [first] = talkers;
  if (first === undefined) return;
  const { roomId } = await first.client.createRoom("market");
  for (const { client } of talkers.slice(1)) await client.joinRoom("market");
  await chat.joinRoom("market");
  const total = rate * seconds;
  const report = await probeFrames(chat.page, async () => {
    const sending = sendSteadily(
      talkers.map(({ client }) => client),
      roomId,
      total,
    );
    await chat.composer.focus();
    for (let elapsedMs = 0; elapsedMs < seconds * 1000; elapsedMs += KEY_PAUSE_MS) {
      await chat.page.keyboard.type("a");
      await pause(KEY_PAUSE_MS);
    }
    await sending;
    await chat.message(`Entry ${total}:`).first().waitFor();
  });
  printReport(`${rate} messages a second for ${seconds} s, somebody types`, report);
}

async function sendSteadily(
  clients: readonly Awaited<ReturnType<BrowserWorld["talker"]>>["client"][],
  roomId: number,
  total: number,
): Promise<void> {
  const startMs = performance.now();
  const receipts: Promise<unknown>[] = [];
  while (receipts.length < total) {
    const due = Math.min(total, Math.ceil(((performance.now() - startMs) / 1000) * rate));
    while (receipts.length < due) {
      const number = receipts.length + 1;
      receipts.push(clients[number % clients.length]?.publish(roomId, textOf(number)) ?? Promise.resolve());
    }
    await pause(TICK_MS);
  }
  await Promise.all(receipts);
}

/** Some are short, some have several lines, a link, code, emoji. */
function textOf(number: number): string {
  const kinds = [
    "yes",
    "I have looked at it, and it is as you said: the second run is faster than the first.",
    "see https://example.com/builds/4711?tab=log for the log 🙂",
    "three things:\n1. tea\n2. bread\n3. a new keyboard",
    "`npm test` says that all is well, 안녕하세요",
  ];
  return `Entry ${number}: ${kinds[number % kinds.length]}`;
}

function printReport(title: string, report: FrameReport): void {
  console.log(`| ${title} | |\n| --- | ---: |`);
  const rows: readonly (readonly [string, number | string])[] = [
    ["took", `${(report.durationMs / 1000).toFixed(1)} s`],
    ["frames", report.frames],
    ["between frames, median", `${report.medianFrameMs} ms`],
    ["between frames, p99", `${report.p99FrameMs} ms`],
    ["between frames, longest", `${report.longestFrameMs} ms`],
    ["tasks above 50 ms", report.longTasks],
    ["longest task", report.longTasks === 0 ? "below 50 ms" : `${report.longestTaskMs} ms`],
    ...(report.keys === 0
      ? []
      : ([
          ["key to frame, p95", `${report.p95KeyMs} ms`],
          ["key to frame, longest", `${report.longestKeyMs} ms`],
        ] as const)),
  ];
  for (const [name, value] of rows) console.log(`| ${name} | ${value} |`);
  console.log("");
}

function numberOption(name: string, usual: number): number {
  const at = process.argv.indexOf(name);
  const value = at < 0 ? usual : Number(process.argv[at + 1]);
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} takes a whole number`);
  return value;
}
