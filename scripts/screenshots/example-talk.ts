import type { BrowserWorld, Talker } from "../../test/browser/support/browser-world.ts";

/** One thing that is said, or done, in a room. `reply`, `on`: the line before it that has this `id`. */
interface Line {
  readonly by: string;
  readonly text: string;
  readonly id?: string;
  readonly reply?: string;
  /** Emoji, and who gives it. */
  readonly reactions?: Readonly<Record<string, readonly string[]>>;
  /** What the text is changed to. */
  readonly edited?: string;
}

interface ExampleRoom {
  readonly name: string;
  readonly topic: string;
  readonly kind?: "memory";
  readonly lines: readonly Line[];
}

/** The name that one signs in with, and the one that is shown. */
export const people: Readonly<Record<string, string>> = {
  mina: "Mina Park",
  ada: "Ada Lind",
  jun: "서준",
  haneul: "한하늘",
  tomas: "Tomás",
  wren: "",
};

/** Whose page is pictured. */
export const VIEWER = "mina";

export const rooms: readonly ExampleRoom[] = [
  {
    name: "releases",
    topic: "0.9 goes out on Thursday 🚀 · notes in docs/CHANGES.md",
    lines: [
      { by: "tomas", text: "Morning! The nightly run is green on all three ports." },
      {
        by: "tomas",
        text: "The new fan-out is on the test server, please hit it with all you have.",
        id: "fanout",
        reactions: { "🎉": ["ada", "jun", "mina"], "🔥": ["haneul"] },
      },
      { by: "ada", text: "What is different about it?", reply: "fanout" },
      {
        by: "tomas",
        text: "One frame for the whole room instead of one for each session:\n```ts\nconst run = encodeRun(events, pool);\nfor (const member of room.members) member.send(run);\n```",
        id: "code",
        reactions: { "👀": ["wren", "ada"] },
      },
      { by: "haneul", text: "그럼 메모리는요? 어제 그래프가 조금 올라갔던데요 🤔" },
      {
        by: "jun",
        text: "지금은 괜찮아요. 재접속 테스트 때문이었어요: https://ci.example.com/runs/4711",
        id: "memory",
      },
      {
        by: "ada",
        text: "Then we tag it tomorrow at ten?",
        edited: "Then we tag it tomorrow at eleven?",
        id: "tag",
      },
      {
        by: "wren",
        text: "@mina can you look over the notes once more before that?",
        reactions: { "👍": ["tomas"] },
      },
      { by: "mina", text: "Reading them right now. Two typos so far, nothing else ☕" },
      { by: "ada", text: "Wonderful. Then I start the candle 🕯️" },
    ],
  },
  {
    name: "서울",
    topic: "서울 사무실 이야기 · 점심은 열두 시",
    lines: [
      { by: "haneul", text: "좋은 아침입니다! 오늘 점심 뭐 먹을까요?" },
      {
        by: "jun",
        text: "비 오니까 칼국수 어때요 🍜",
        id: "noodles",
        reactions: { "👍": ["haneul", "mina"], "😋": ["haneul"] },
      },
      { by: "mina", text: "좋아요. 열두 시에 1층에서 만나요.", reply: "noodles" },
      { by: "haneul", text: "한 자리 더 예약할게요. 토마스도 온대요!" },
      { by: "tomas", text: "네! 저도 갑니다 🙌", reactions: { "❤️": ["haneul", "jun", "mina"] } },
      { by: "jun", text: "그리고 @mina 님, 번역 검토 부탁드려요. `ko.ts`에 스무 줄쯤 남았어요." },
      { by: "mina", text: "오후에 볼게요. 급한 것부터:\n```\n서버가 다시 시작되고 있습니다.\n```" },
      { by: "haneul", text: "조사 “을/를”만 조심하면 될 것 같아요 😄" },
    ],
  },
  {
    name: "design",
    topic: "Colours, words, keys",
    lines: [
      { by: "wren", text: "The dark theme has its contrast checked, every pair above 4.5." },
      { by: "ada", text: "@mina what do you think of the green?" },
      { by: "wren", text: "I would keep it 🌿" },
    ],
  },
  {
    name: "lunch",
    topic: "Gone when the last one leaves",
    kind: "memory",
    lines: [{ by: "tomas", text: "Soup today 🍲" }],
  },
];

export const whispers: readonly (readonly [from: string, to: string, text: string])[] = [
  ["ada", "mina", "Thank you for yesterday, it helped a lot 🙏"],
  ["mina", "ada", "Any time!"],
  ["haneul", "mina", "자료 보냈어요. 확인 부탁드려요!"],
];

/** Rooms that the viewer has read; what is said in the others is unread. */
export const readRooms: readonly string[] = ["releases", "서울"];

/** Plays it all on a server; the viewer is a member of every room, and has read `readRooms`. */
export async function playExample(world: BrowserWorld): Promise<ReadonlyMap<string, Talker>> {
  const talkers = new Map<string, Talker>();
  for (const [name, displayName] of Object.entries(people)) {
    const talker = await world.talker(name);
    if (displayName !== "") await talker.client.setDisplayName(displayName);
    talkers.set(name, talker);
  }
  for (const room of rooms) await playRoom(talkers, room);
  for (const [from, to, text] of whispers) await clientOf(talkers, from).whisper(to, text);
  return talkers;
}

async function playRoom(talkers: ReadonlyMap<string, Talker>, room: ExampleRoom): Promise<void> {
  const { name, topic, kind } = room;
  const [owner = ""] = Object.keys(people);
  const { roomId } = await clientOf(talkers, owner).createRoom(name, {
    topic,
    ...(kind === undefined ? {} : { kind }),
  });
  for (const other of Object.keys(people)) {
    if (other !== owner) await clientOf(talkers, other).joinRoom(name);
  }
  const offsets = new Map<string, number>();
  for (const line of room.lines) {
    const client = clientOf(talkers, line.by);
    const replyTo = offsets.get(line.reply ?? "");
    const { offset } = await client.publish(roomId, line.text, replyTo === undefined ? {} : { replyTo });
    if (line.id !== undefined) offsets.set(line.id, offset);
    if (line.edited !== undefined) await client.edit(roomId, offset, line.edited);
    for (const [emoji, fans] of Object.entries(line.reactions ?? {})) {
      for (const fan of fans) await clientOf(talkers, fan).react(roomId, offset, emoji);
    }
    if (readRooms.includes(name)) await clientOf(talkers, VIEWER).markRead(roomId, offset);
  }
}

export function clientOf(talkers: ReadonlyMap<string, Talker>, name: string): Talker["client"] {
  const talker = talkers.get(name);
  if (talker === undefined) throw new Error(`there is nobody called ${name} in the example`);
  return talker.client;
}
