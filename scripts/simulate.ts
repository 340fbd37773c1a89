/** Runs the whole-server simulation: `npm run simulate -- [--seed N] [--seeds COUNT] [--trace]`. */
import { parseArgs } from "node:util";
import { simulateChat } from "../test/simulation/chat-simulation.ts";

const { values } = parseArgs({
  options: { seed: { type: "string" }, seeds: { type: "string" }, trace: { type: "boolean" } },
});
const first = Number(values.seed ?? 1);
const count = Number(values.seeds ?? 1);
if (!Number.isInteger(first) || !Number.isInteger(count) || count < 1) {
  console.error("--seed and --seeds are whole numbers");
  process.exit(2);
}
for (let seed = first; seed < first + count; seed++) {
  try {
    const report = await simulateChat({
      seed,
      ...(values.trace === true ? { onTrace: (line) => console.log(line) } : {}),
    });
    const { answers, ...rest } = report;
    const asked = [...answers.values()].reduce((sum, { done, refused }) => sum + done + refused, 0);
    console.log(JSON.stringify({ ...rest, commandCount: answers.size, askedCount: asked }));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
