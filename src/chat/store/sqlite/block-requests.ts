import { reads, type RequestHandlers, type Tables, writes } from "./request-handlers.ts";

export function blockRequests({ sql }: Tables): RequestHandlers<"setBlock" | "listBlocks"> {
  const find = sql("SELECT 1 FROM blocks WHERE user_id = ? AND other_id = ?");
  const count = sql("SELECT count(*) AS count FROM blocks WHERE user_id = ?");
  const insert = sql("INSERT INTO blocks (user_id, other_id) VALUES (?, ?)");
  const remove = sql("DELETE FROM blocks WHERE user_id = ? AND other_id = ?");
  const list = sql(`
    SELECT name FROM blocks JOIN accounts ON accounts.id = other_id WHERE user_id = ? ORDER BY name_key`);

  return {
    setBlock: writes(({ userId, otherId, blocked, limit }) => {
      if (!blocked) remove.run(userId, otherId);
      else if (find.get(userId, otherId) === undefined) {
        if (Number(count.get(userId)?.count) >= limit) return "FULL";
        insert.run(userId, otherId);
      }
      return "DONE";
    }),
    listBlocks: reads(({ userId }) => list.all(userId).map(({ name }) => String(name))),
  };
}
