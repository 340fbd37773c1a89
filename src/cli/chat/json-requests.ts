import { z } from "zod";
import type { ChatPort, RoomInfo } from "./chat-port.ts";

/** What a request is done with. */
export interface JsonContext {
  readonly port: ChatPort;
  readonly user: string;
  /** The id of a room by its name, or the number that was given. Throws UnknownRoom. */
  readonly roomId: (room: string | number) => number;
}

/** The request names a room that this client is not in. */
export class UnknownRoom extends Error {
  override readonly name = "UnknownRoom";
}

interface JsonRequest {
  readonly fields: z.ZodType;
  readonly run: (request: unknown, context: JsonContext) => Promise<object | undefined | void>;
}

/** Ties what a request does to the fields that it has. */
function request<Shape extends z.ZodRawShape>(
  shape: Shape,
  run: (request: z.infer<z.ZodObject<Shape>>, context: JsonContext) => Promise<object | undefined | void>,
): JsonRequest {
  const fields = z.strictObject({ ...shape, do: z.string(), id: idSchema.optional() });
  return {
    fields,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `fields` has parsed it
    run: (parsed, context) => run(parsed as z.infer<z.ZodObject<Shape>>, context),
  };
}

export const idSchema = z.union([z.string().max(200), z.number()]);
const text = z.string();
const room = z.union([z.string().min(1), z.number().int().positive()]);
const offset = z.number().int().positive();
const whole = z.number().int().min(0);
const limit = whole.optional();
const role = z.enum(["member", "moderator", "owner"]);
const access = z.enum(["public", "private", "password"]);
const moderateAction = z.enum(["kick", "mute", "unmute", "ban", "unban"]);
const adminAction = z.enum([...moderateAction.options, "promote", "demote", "delete", "setPassword"]);
const sayOptions = { replyTo: whole.optional(), clientMessageId: text.optional() };
const sanctionOptions = { durationMs: whole.optional(), reason: text.optional() };

const roomAnswer = (info: RoomInfo): object => ({ room: info });

/** Fields that were left out are left out. */
function given<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]: Exclude<Fields[Key], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is undefined is taken out
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]: Exclude<Fields[Key], undefined>;
  };
}

/** Every request by its name. docs/TERMINAL.md lists them. */
export const jsonRequests: Readonly<Record<string, JsonRequest>> = {
  publish: request(
    { room, text, ...sayOptions },
    async ({ room: to, text: said, replyTo, clientMessageId }, context) =>
      context.port.publish(context.roomId(to), said, given({ replyTo, clientMessageId })),
  ),
  whisper: request(
    { to: text, text, ...sayOptions },
    async ({ to, text: said, replyTo, clientMessageId }, { port }) =>
      port.whisper(to, said, given({ replyTo, clientMessageId })),
  ),
  edit: request({ room, offset, text }, (it, { port, roomId }) =>
    port.edit(roomId(it.room), it.offset, it.text),
  ),
  delete: request({ room, offset }, (it, { port, roomId }) => port.delete(roomId(it.room), it.offset)),
  react: request(
    { room, offset, reaction: text, remove: z.boolean().default(false) },
    (it, { port, roomId }) => port.react(roomId(it.room), it.offset, it.reaction, { remove: it.remove }),
  ),
  typing: request({ room }, async (it, { port, roomId }) => port.typing(roomId(it.room))),
  markRead: request({ room, offset }, (it, { port, roomId }) => port.markRead(roomId(it.room), it.offset)),

  join: request({ name: text, password: text.optional() }, async ({ name, password }, { port }) =>
    roomAnswer(await port.joinRoom(name, given({ password }))),
  ),
  leave: request({ room, giveUp: z.boolean().default(false) }, (it, { port, roomId }) =>
    port.leaveRoom(roomId(it.room), { giveUp: it.giveUp }),
  ),
  create: request(
    {
      name: text,
      kind: z.enum(["logged", "memory"]).optional(),
      access: access.optional(),
      password: text.optional(),
      topic: text.optional(),
    },
    async ({ name, kind, access: who, password, topic }, { port }) =>
      roomAnswer(await port.createRoom(name, given({ kind, access: who, password, topic }))),
  ),
  update: request(
    {
      room,
      name: text.optional(),
      topic: text.optional(),
      access: access.optional(),
      password: text.optional(),
      isArchived: z.boolean().optional(),
      slowModeMs: limit,
      slowReader: z.enum(["disconnect", "skipToLatest", "catchUp"]).optional(),
      retentionAgeMs: limit,
      retentionCount: limit,
    },
    async ({ room: which, name, topic, access: who, password, isArchived, ...numbers }, { port, roomId }) => {
      const { slowModeMs, slowReader, retentionAgeMs, retentionCount } = numbers;
      const limits = { slowModeMs, slowReader, retentionAgeMs, retentionCount };
      const change = given({ name, topic, access: who, password, isArchived, ...limits });
      return roomAnswer(await port.updateRoom(roomId(which), change));
    },
  ),
  deleteRoom: request({ room }, (it, { port, roomId }) => port.deleteRoom(roomId(it.room))),
  rooms: request(
    {
      scope: z.enum(["joined", "open", "mine", "direct"]).default("joined"),
      after: text.optional(),
      prefix: text.optional(),
      limit,
    },
    async ({ scope, after, prefix, limit: count }, { port }) =>
      scope === "joined"
        ? { rooms: port.rooms, more: false }
        : port.listRooms({ scope, ...given({ after, prefix, limit: count }) }),
  ),
  who: request({ room, after: text.optional(), limit }, (it, { port, roomId }) =>
    port.listUsers(roomId(it.room), given({ after: it.after, limit: it.limit })),
  ),
  members: request({ room, after: text.optional(), limit }, (it, { port, roomId }) =>
    port.members(roomId(it.room), given({ after: it.after, limit: it.limit })),
  ),
  invite: request({ room, name: text }, (it, { port, roomId }) => port.invite(roomId(it.room), it.name)),
  setRole: request({ room, name: text, role }, (it, { port, roomId }) =>
    port.setRole(roomId(it.room), it.name, it.role),
  ),
  moderate: request(
    { room, name: text, action: moderateAction, ...sanctionOptions },
    (it, { port, roomId }) =>
      port.moderate(
        roomId(it.room),
        it.name,
        it.action,
        given({ durationMs: it.durationMs, reason: it.reason }),
      ),
  ),
  sanctions: request({ room: room.optional() }, (it, { port, roomId }) =>
    it.room === undefined ? port.adminSanctions() : port.sanctions(roomId(it.room)),
  ),

  history: request(
    {
      room,
      after: whole.optional(),
      before: offset.optional(),
      around: offset.optional(),
      fromTimeMs: limit,
      limit,
    },
    ({ room: which, after, before, around, fromTimeMs, limit: count }, { port, roomId }) =>
      port.history(roomId(which), given({ after, before, around, fromTimeMs, limit: count })),
  ),
  search: request(
    { query: text, room: room.optional(), before: offset.optional(), limit },
    (it, { port, roomId }) =>
      port.search(
        it.query,
        given({
          roomId: it.room === undefined ? undefined : roomId(it.room),
          before: it.before,
          limit: it.limit,
        }),
      ),
  ),

  changePassword: request({ oldPassword: text, newPassword: text }, (it, { port }) =>
    port.changePassword(it.oldPassword, it.newPassword),
  ),
  setDisplayName: request({ displayName: text }, (it, { port }) => port.setDisplayName(it.displayName)),
  deleteAccount: request({ password: text }, (it, { port }) => port.deleteAccount(it.password)),
  sessions: request({}, async (_it, { port }) => ({ sessions: await port.tokens() })),
  revoke: request({ tokenId: z.union([whole, z.literal("others")]) }, async (it, { port }) => ({
    revokedCount: await port.revokeToken(it.tokenId),
  })),
  block: request({ name: text, blocked: z.boolean().default(true) }, (it, { port }) =>
    it.blocked ? port.block(it.name) : port.unblock(it.name),
  ),
  blocks: request({}, async (_it, { port }) => ({ names: await port.blocks() })),

  adminUser: request(
    { name: text, action: adminAction, password: text.optional(), ...sanctionOptions },
    (it, { port }) =>
      port.adminUser(
        it.name,
        it.action,
        given({ durationMs: it.durationMs, reason: it.reason, password: it.password }),
      ),
  ),
  adminAddress: request(
    { cidr: text, lift: z.boolean().default(false), ...sanctionOptions },
    (it, { port }) =>
      port.adminAddress(it.cidr, given({ lift: it.lift, durationMs: it.durationMs, reason: it.reason })),
  ),
  adminLockdown: request(
    { level: z.enum(["none", "noNewAccounts", "noGuests", "registeredOnly"]) },
    (it, { port }) => port.adminLockdown(it.level),
  ),
  adminInvite: request({ uses: limit, durationMs: limit }, (it, { port }) =>
    port.adminInvitation(given({ uses: it.uses, durationMs: it.durationMs })),
  ),
  audit: request({ before: limit, limit }, (it, { port }) =>
    port.adminAudit(given({ before: it.before, limit: it.limit })),
  ),
};
