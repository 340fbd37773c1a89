import * as z from "zod";
import type { PasswordHasher } from "../chat/gate/password.ts";
import { invitationCode, invitationHash } from "../chat/gate/invitation.ts";
import type { Account, Store, StoredMessage } from "../chat/store/store.ts";
import { normalizeCidr } from "../base/cidr.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { checkRoomName, checkUserName, nameKey } from "../protocol/names.ts";
import { checkPassword } from "../protocol/text.ts";
import type { AdminSeat } from "./admin-console.ts";

/** What the operations work with. */
export interface AdminContext {
  readonly console: AdminSeat;
  readonly store: Store;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
  readonly random: Random;
}

/** Something was asked for that makes no sense: an unknown operation, a wrong argument, no such user. */
export class AdminError extends Error {
  readonly code: "ADMIN_USAGE" | "ADMIN_FAILED";
  constructor(code: "ADMIN_USAGE" | "ADMIN_FAILED", message: string) {
    super(message);
    this.name = "AdminError";
    this.code = code;
  }
}

const name = z.string().min(1).max(64);
const durationMs = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0);
const reason = z.string().max(256).default("");
const page = { after: z.string().max(256).default(""), limit: z.number().int().min(1).max(500).default(100) };

const userAction = z.enum(["kick", "mute", "unmute", "ban", "unban", "promote", "demote", "delete"]);
const roomChange = z.strictObject({
  name: name.optional(),
  topic: z.string().max(256).optional(),
  access: z.enum(["public", "private"]).optional(),
  archived: z.boolean().optional(),
  slowModeMs: durationMs.removeDefault().optional(),
  slowReader: z.enum(["disconnect", "skipToLatest", "catchUp"]).optional(),
  retentionAgeMs: durationMs.removeDefault().optional(),
  retentionCount: durationMs.removeDefault().optional(),
});

/**
 * What an administrator can do from outside the chat, by name: with a server that runs through its
 * control port, otherwise on its data directly. Arguments are checked; results are plain data.
 */
export const adminOperations = {
  "user.list": operation(z.strictObject(page), async ({ store }, { after, limit }) => {
    const accounts = await store.ask("listAccounts", { afterKey: after === "" ? "" : nameKey(after), limit });
    return accounts.map(describeAccount);
  }),
  "user.show": operation(z.strictObject({ name }), async (context, args) =>
    describeAccount(await accountOf(context, args.name)),
  ),
  "user.add": operation(
    z.strictObject({ name, password: z.string(), isAdmin: z.boolean().default(false) }),
    async ({ store, hasher, clock }, args) => {
      const checked = checkUserName(args.name);
      if (!checked.ok) throw new AdminError("ADMIN_USAGE", checked.reason);
      const password = checkPassword(args.password);
      if (!password.ok) throw new AdminError("ADMIN_USAGE", password.reason);
      const nowMs = clock.wallMs();
      const answer = await store.ask("createAccount", {
        name: args.name,
        nameKey: checked.key,
        passwordHash: await hasher.hash(password.password),
        nowMs,
        isAdmin: args.isAdmin,
        audit: audit(nowMs, "user.add", args.name, args.isAdmin ? "administrator" : ""),
      });
      if (!answer.created) throw new AdminError("ADMIN_FAILED", `the name ${args.name} is taken`);
      return { id: answer.id, name: args.name };
    },
  ),
  "user.password": operation(z.strictObject({ name, password: z.string() }), async (context, args) => {
    const password = checkPassword(args.password);
    if (!password.ok) throw new AdminError("ADMIN_USAGE", password.reason);
    const passwordHash = await context.hasher.hash(password.password);
    const rest = { durationMs: 0, reason: "", passwordHash };
    await context.console.ask("adminUser", { name: args.name, action: "setPassword", ...rest });
    return {};
  }),
  "user.act": operation(
    z.strictObject({ name, action: userAction, durationMs, reason }),
    async ({ console }, args) => {
      await console.ask("adminUser", { ...args, passwordHash: "" });
      return {};
    },
  ),
  "room.list": operation(z.strictObject(page), async ({ console }, { after, limit }) => {
    const answer = await console.ask("listRooms", { scope: "open", after, limit, prefix: "" });
    return answer.type === "rooms" ? answer.rooms : [];
  }),
  "room.show": operation(z.strictObject({ name }), async (context, args) => {
    const { roster: _roster, blockedBy: _blockedBy, settings, ...room } = await roomOf(context, args.name);
    const { passwordHash, ...shown } = settings;
    return { ...room, ...shown, hasPassword: passwordHash !== "" };
  }),
  "room.set": operation(z.strictObject({ name, change: roomChange }), async (context, args) => {
    const id = await roomIdOf(context, args.name);
    const { name: newName, ...others } = args.change;
    const change = defined(newName === undefined ? others : { ...others, name: checkedRoomName(newName) });
    await context.console.ask("updateRoom", { roomId: id, change });
    return {};
  }),
  "room.delete": operation(z.strictObject({ name }), async (context, args) => {
    const id = await roomIdOf(context, args.name);
    await context.console.ask("deleteRoom", { roomId: id });
    return {};
  }),
  "room.page": operation(
    z.strictObject({ name, after: z.number().int().min(0), limit: z.number().int().min(1).max(1000) }),
    async (context, args) => {
      const { id, epoch } = await roomOf(context, args.name);
      const { after, limit } = args;
      const messages = await context.store.ask("historyAfter", { roomId: id, after, limit, userId: 0 });
      return { epoch, messages: messages.map(exported) };
    },
  ),
  "address.ban": operation(
    z.strictObject({ cidr: z.string().max(64), lift: z.boolean().default(false), durationMs, reason }),
    async ({ console }, args) => {
      const cidr = normalizeCidr(args.cidr);
      if (cidr === undefined) {
        throw new AdminError("ADMIN_USAGE", `"${args.cidr}" is no address or range such as 192.0.2.0/24`);
      }
      await console.ask("adminAddress", { ...args, cidr });
      return { cidr };
    },
  ),
  lockdown: operation(
    z.strictObject({ level: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]) }),
    async ({ console }, { level }) => {
      await console.ask("adminLockdown", { level });
      return {};
    },
  ),
  invite: operation(
    z.strictObject({ uses: z.number().int().min(1).max(1000).default(1), durationMs }),
    async ({ console, random }, { uses, durationMs: forMs }) => {
      const code = invitationCode(random);
      const answer = await console.ask("adminInvitation", {
        invitationCode: code,
        hash: invitationHash(code),
        uses,
        durationMs: forMs,
      });
      return { code, expiresMs: answer.type === "invitation" ? answer.expiresMs : 0 };
    },
  ),
  audit: operation(
    z.strictObject({ before: z.number().int().min(0).default(0), limit: page.limit }),
    async ({ store }, { before, limit }) => store.ask("listAudit", { before, limit }),
  ),
  sanctions: operation(z.strictObject({ room: name.optional() }), async (context, args) => {
    const roomId = args.room === undefined ? 0 : (await roomOf(context, args.room)).id;
    return context.store.ask("listSanctions", { roomId, nowMs: context.clock.wallMs(), limit: 500 });
  }),
  backup: operation(z.strictObject({ path: z.string().min(1).max(4096) }), async ({ store }, { path }) => {
    await store.backup(path);
    return {};
  }),
} as const;

export type AdminOperationName = keyof typeof adminOperations;

/** Does what is asked, the arguments checked. Rejects with AdminError, ConsoleError or StoreError. */
export async function runAdminOperation(
  context: AdminContext,
  operationName: string,
  args: unknown,
): Promise<unknown> {
  if (!Object.hasOwn(adminOperations, operationName)) {
    throw new AdminError("ADMIN_USAGE", `there is no operation ${JSON.stringify(operationName)}`);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- looked up just before
  return adminOperations[operationName as AdminOperationName](context, args);
}

type Operation<Result> = (context: AdminContext, args: unknown) => Promise<Result>;

function operation<Schema extends z.ZodType, Result>(
  schema: Schema,
  run: (context: AdminContext, args: z.output<Schema>) => Promise<Result>,
): Operation<Result> {
  return async (context, args) => {
    const checked = schema.safeParse(args);
    if (!checked.success) throw new AdminError("ADMIN_USAGE", z.prettifyError(checked.error));
    return run(context, checked.data);
  };
}

async function accountOf({ store }: AdminContext, userName: string): Promise<Account> {
  const account = await store.ask("findAccount", { nameKey: nameKey(userName) });
  if (account === undefined) throw new AdminError("ADMIN_FAILED", `there is no user ${userName}`);
  return account;
}

async function roomOf({ store }: AdminContext, roomName: string) {
  const room = await store.ask("findRoom", { name: nameKey(roomName) });
  if (room === undefined) throw new AdminError("ADMIN_FAILED", `there is no room ${roomName}`);
  return room;
}

/** Of a memory room too, which the store does not know, unless it is private. */
async function roomIdOf(context: AdminContext, roomName: string): Promise<number> {
  const key = nameKey(roomName);
  const stored = await context.store.ask("findRoom", { name: key });
  if (stored !== undefined) return stored.id;
  const first = { scope: "open", prefix: key, after: "", limit: 1 } as const;
  const listed = await context.console.ask("listRooms", first);
  const open = listed.type === "rooms" ? listed.rooms[0] : undefined;
  if (open?.name !== key) throw new AdminError("ADMIN_FAILED", `there is no room ${roomName}`);
  return open.id;
}

function checkedRoomName(roomName: string): string {
  const checked = checkRoomName(roomName);
  if (!checked.ok) throw new AdminError("ADMIN_USAGE", checked.reason);
  return checked.key;
}

function describeAccount(account: Account) {
  const { passwordHash, nameKey: _key, ...shown } = account;
  return { ...shown, hasPassword: passwordHash !== "" };
}

/** A message as an export has it: the sender by name, nothing that is empty. */
function exported({ offset, timeMs, senderName, text, ...rest }: StoredMessage) {
  return {
    offset,
    time: new Date(timeMs).toISOString(),
    sender: senderName,
    kind: rest.kind,
    ...(rest.deleted ? { deleted: true } : { text }),
    ...(rest.target > 0 ? { target: rest.target } : {}),
    ...(rest.replyTo > 0 ? { replyTo: rest.replyTo } : {}),
    ...(rest.editedMs > 0 ? { edited: new Date(rest.editedMs).toISOString() } : {}),
    ...(rest.reactions.length > 0
      ? { reactions: Object.fromEntries(rest.reactions.map(({ reaction, count }) => [reaction, count])) }
      : {}),
  };
}

function audit(timeMs: number, action: string, subject: string, detail: string) {
  return { timeMs, actor: "(console)", action, subject, room: "", detail };
}

/** Without the keys that have no value: a change leaves them as they are. */
function defined<Change extends object>(
  change: Change,
): { [Key in keyof Change]?: Exclude<Change[Key], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is undefined is left out
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Change]?: Exclude<Change[Key], undefined>;
  };
}
