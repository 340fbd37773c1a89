import { ChatSession } from "../chat-session.ts";
import { clockTime } from "../line-format.ts";
import { PlainScreen } from "../plain-screen.ts";
import { plainPainter } from "../styles.ts";
import { FakePort, LOBBY, NOW_MS } from "./fake-port.ts";

/** A session that writes lines, on a client that the test plays. */
export interface SessionRig {
  readonly fake: FakePort;
  readonly session: ChatSession;
  /** Times are shown as T. */
  readonly lines: string[];
  readonly isEnded: () => boolean;
}

/** A session that has not entered yet. */
export function openSession(isInteractive = false): SessionRig {
  const fake = new FakePort();
  const lines: string[] = [];
  let isEnded = false;
  const session = new ChatSession({
    port: fake.port,
    screen: new PlainScreen(plainPainter, (line) => lines.push(line.replace(clockTime(NOW_MS), "T"))),
    nowMs: () => NOW_MS,
    isGuest: false,
    isInteractive,
    onEnd: () => {
      isEnded = true;
    },
    onForget: () => undefined,
  });
  return { fake, session, lines, isEnded: () => isEnded };
}

/** A session in the lobby, with nothing shown and nothing asked yet. */
export async function openEntered(isInteractive = false): Promise<SessionRig> {
  const rig = openSession(isInteractive);
  await rig.session.enter("mina", LOBBY);
  rig.lines.length = 0;
  rig.fake.calls.length = 0;
  return rig;
}
