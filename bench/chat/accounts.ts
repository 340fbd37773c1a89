import { hash } from "node:crypto";
import { realClock } from "../../src/base/clock.ts";
import { openSqliteStore } from "../../src/chat/store/sqlite/sqlite-store.ts";
import { keyOf } from "./crowd.ts";

/** How many requests the store has at a time. */
const AT_ONCE = 1000;
const LIFETIME_MS = 86_400_000;

/** Makes an account for each bot, with a resume token as an earlier login would have left it. */
export async function makeAccounts(directory: string, count: number): Promise<void> {
  const store = await openSqliteStore({ directory });
  const nowMs = realClock.wallMs();
  for (let first = 0; first < count; first += AT_ONCE) {
    const indices = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, place) => first + place);
    await Promise.all(
      indices.map(async (index) => {
        const name = `bot${index}`;
        const made = await store.ask("createAccount", { name, nameKey: name, passwordHash: "", nowMs });
        if (!made.created) throw new Error(`the account ${name} could not be made`);
        await store.ask("createToken", {
          userId: made.id,
          hash: hash("sha256", keyOf(index), "hex"),
          label: "bench",
          address: "",
          nowMs,
          expiresMs: nowMs + LIFETIME_MS,
          keep: 1,
        });
      }),
    );
  }
  await store.close();
}
