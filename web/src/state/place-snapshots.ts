import type {
  ComposerSnapshot,
  ConversationItem,
  Permissions,
  PlaceSnapshot,
  Presence,
  RoomItem,
  RoomSettings,
} from "./contract.ts";
import type { Place } from "./place.ts";
import { reuse } from "./cell.ts";

/** Names that "@" completion is given. */
const MENTION_NAMES = 200;

/** What views show of a place, that the place itself does not know. */
export interface PlaceSurroundings {
  readonly isGuest: boolean;
  readonly lobbyId: number;
  readonly textLimitBytes: number;
  /** Page's clock. */
  readonly nowMs: number;
  readonly presenceOf: (name: string) => Presence;
  readonly isBlocked: (name: string) => boolean;
  readonly hasDraft: (place: Place) => boolean;
}

export function roomItem(place: Place, { lobbyId, hasDraft }: PlaceSurroundings): RoomItem {
  const { info, listing, parts } = place;
  const known = info ?? listing;
  return {
    key: place.key,
    roomId: place.roomId,
    name: place.name,
    kind: known?.kind === "memory" ? "memory" : "logged",
    access: known?.access ?? "public",
    topic: known?.topic ?? "",
    isLobby: place.roomId === lobbyId,
    isArchived: known?.isArchived ?? false,
    isJoined: place.isJoined,
    role: known?.role ?? "none",
    memberCount: known?.memberCount ?? 0,
    unreadCount: place.unreadCount,
    mentionCount: place.mentionCount,
    hasDraft: hasDraft(place),
    queuedCount: parts.timeline.pendingCount,
    failedCount: parts.timeline.outgoing.failedCount,
  };
}

export function conversationItem(place: Place, surroundings: PlaceSurroundings): ConversationItem {
  const { presenceOf, isBlocked, hasDraft } = surroundings;
  return {
    key: place.key,
    roomId: place.roomId,
    peer: place.name,
    presence: presenceOf(place.name),
    unreadCount: place.unreadCount,
    mentionCount: place.mentionCount,
    lastTimeMs: place.lastTimeMs,
    isBlocked: isBlocked(place.name),
    hasDraft: hasDraft(place),
    queuedCount: place.parts.timeline.pendingCount,
    failedCount: place.parts.timeline.outgoing.failedCount,
  };
}

export function placeSnapshot(
  place: Place,
  surroundings: PlaceSurroundings,
  before: PlaceSnapshot | undefined,
): PlaceSnapshot {
  const { info, listing, kind } = place;
  const isDirect = kind === "direct";
  const known = info ?? listing;
  const earlier = before?.key === place.key ? before : undefined;
  return reuse(earlier, {
    key: place.key,
    kind,
    roomKind: isDirect ? "direct" : (known?.kind ?? "logged"),
    roomId: place.roomId,
    title: place.name,
    topic: isDirect ? "" : (known?.topic ?? ""),
    access: isDirect ? "private" : (known?.access ?? "public"),
    role: known?.role ?? "none",
    isLobby: place.roomId === surroundings.lobbyId,
    isArchived: known?.isArchived ?? false,
    memberCount: isDirect ? 2 : (known?.memberCount ?? 0),
    presence: isDirect ? surroundings.presenceOf(place.name) : "unknown",
    isBlocked: isDirect && surroundings.isBlocked(place.name),
    permissions: reuse(earlier?.permissions, permissionsOf(place, surroundings)),
    state: place.state,
    failure: place.failure,
    settings: info === undefined ? undefined : reuse(earlier?.settings, settingsOf(info)),
  });
}

export function composerSnapshot(
  place: Place,
  { textLimitBytes, nowMs, isBlocked }: PlaceSurroundings,
  before: ComposerSnapshot | undefined,
): ComposerSnapshot {
  const { parts, info } = place;
  const { composition, timeline, members } = parts;
  const { mode } = composition;
  const earlier = before?.place === place.key ? before : undefined;
  const isNew = earlier?.serial !== composition.serial;
  const replyTo = mode.mode === "new" ? mode.replyTo : 0;
  const names = [...new Set([...place.speakers, ...members.names])].slice(0, MENTION_NAMES);
  const isOrdinary = info?.role === "member" || info?.role === "none";
  return reuse(earlier, {
    place: place.key,
    serial: composition.serial,
    // Between serials the text is the view's: the snapshot does not follow each key.
    text: isNew ? composition.text : earlier.text,
    mode: mode.mode,
    editing: mode.mode === "edit" ? mode.offset : undefined,
    replyingTo: replyTo > 0 ? timeline.previewOf(replyTo) : undefined,
    textLimitBytes,
    block: place.kind === "direct" && isBlocked(place.name) ? BLOCKED : blockOf(place, nowMs),
    slowModeMs: isOrdinary ? (info?.slowModeMs ?? 0) : 0,
    waitUntilMs: place.waitUntilMs > nowMs ? place.waitUntilMs : 0,
    mentionNames: sameNames(earlier?.mentionNames, names),
  });
}

function sameNames(before: readonly string[] | undefined, names: readonly string[]): readonly string[] {
  if (before?.length !== names.length) return names;
  return names.every((name, index) => name === before[index]) ? before : names;
}

const NOT_JOINED = { reason: "notJoined", untilMs: 0, mayTry: false } as const;
const BLOCKED = { reason: "blocked", untilMs: 0, mayTry: false } as const;
const ARCHIVED = { reason: "archived", untilMs: 0, mayTry: false } as const;

function blockOf(place: Place, nowMs: number): ComposerSnapshot["block"] {
  if (!place.isJoined) return NOT_JOINED;
  if (place.info?.isArchived === true) return ARCHIVED;
  const { block } = place;
  return block !== undefined && (block.untilMs === 0 || block.untilMs > nowMs) ? block : undefined;
}

function settingsOf(info: NonNullable<Place["info"]>): RoomSettings {
  const { name, topic, access, isArchived, slowModeMs, slowReader, retentionAgeMs, retentionCount } = info;
  return { name, topic, access, isArchived, slowModeMs, slowReader, retentionAgeMs, retentionCount };
}

/** What the rules of the server allow (docs/PROTOCOL.md, Rooms); it has the last word. */
export function permissionsOf(
  place: Place,
  { isGuest, lobbyId }: Pick<PlaceSurroundings, "isGuest" | "lobbyId">,
): Permissions {
  const { info, kind } = place;
  const isRoom = kind === "room" && info !== undefined;
  const isLobby = place.roomId === lobbyId;
  const isOwner = isRoom && info.role === "owner";
  const isModerator = isRoom && (isOwner || info.role === "moderator");
  const maySpeak = place.isJoined && info?.isArchived !== true;
  return {
    maySpeak,
    mayReact: maySpeak,
    mayDeleteOthers: isModerator,
    mayEditTopic: isModerator,
    mayEditSettings: isOwner,
    mayDelete: isOwner && !isLobby,
    mayInvite: isRoom && !isLobby && !isGuest && (isModerator || info.access === "public"),
    mayModerate: isModerator,
    maySetRoles: isOwner && !isLobby,
    mayLeave: kind === "room" && !isLobby,
  };
}
