import type { ChatStore } from "./chat-store.ts";
import type { ChatActions, Outcome } from "./contract.ts";
import { DONE } from "./failure.ts";
import { MessageActions } from "./message-actions.ts";
import { RoomActions } from "./room-actions.ts";
import { nameKey } from "../../../src/protocol/names.ts";
import type { UserSession } from "./user-session.ts";

interface Areas {
  readonly user: UserSession;
  readonly messages: MessageActions;
  readonly rooms: RoomActions;
}

/** What views may ask for. Without a user what needs one does nothing: a click may come too late. */
export function chatActions(store: ChatStore): ChatActions {
  let areas: Areas | undefined;
  const now = (): Areas | undefined => {
    const { user } = store;
    if (user === undefined) return undefined;
    if (areas?.user !== user) {
      areas = { user, messages: new MessageActions(user), rooms: new RoomActions(user) };
    }
    return areas;
  };
  const ask = (request: (areas: Areas) => Promise<Outcome>): Promise<Outcome> => {
    const here = now();
    return here === undefined ? Promise.resolve(DONE) : request(here);
  };
  const compose = (change: (areas: Areas) => void): void => {
    const here = now();
    if (here !== undefined) change(here);
    store.flush();
  };
  const open = (key: string | undefined): void => {
    store.stopSeeking();
    now()?.user.open(key);
  };
  const { signIn, preferences, notices } = store;
  return {
    login: ({ name, password, remember }) => signIn.logIn(name, password, remember),
    register: ({ name, password, remember, invitationCode }) =>
      signIn.logIn(name, password, remember, { register: true, invitationCode }),
    guest: ({ name }) => signIn.guest(name),
    logout: () => signIn.logOut(),
    retryNow: () => store.retryNow(),

    openPlace: open,
    openDirect: (name) => {
      const place = now()?.user.book.conversation(name.trim());
      if (place !== undefined) open(place.key);
    },
    join: (name, password) => ask(({ rooms }) => rooms.join(name, password)),
    create: (form) => ask(({ rooms }) => rooms.create(form)),
    leave: (key, giveUp) => ask(({ rooms }) => rooms.leave(key, giveUp)),
    findRooms: async (prefix) => (await now()?.rooms.find(prefix)) ?? { rooms: [], failure: undefined },
    acceptInvitation: (roomId) => ask(({ rooms }) => rooms.acceptInvitation(roomId)),
    dismissInvitation: (roomId) => now()?.rooms.dismissInvitation(roomId),

    send: (text) => {
      const isSent = now()?.messages.send(text) ?? false;
      store.flush();
      return isSent;
    },
    whisper: (name, text) => ask(({ messages }) => messages.whisper(name, text)),
    retry: (key) => now()?.messages.retry(key),
    discard: (key) => now()?.messages.discard(key),
    edit: (offset, text) => ask(({ messages }) => messages.edit(offset, text)),
    remove: (offset) => ask(({ messages }) => messages.remove(offset)),
    react: (offset, emoji) => ask(({ messages }) => messages.react(offset, emoji)),
    startReply: (offset) => compose(({ messages }) => messages.startReply(offset)),
    startEdit: (offset) => compose(({ messages }) => messages.startEdit(offset)),
    startEditLast: () => compose(({ messages }) => messages.startEditLast()),
    cancelCompose: () => compose(({ messages }) => messages.cancelCompose()),
    setDraft: (text) => now()?.messages.setDraft(text),
    typing: () => now()?.messages.typing(),

    loadOlder: () => store.user?.current?.parts.timeline.loadOlder(),
    loadNewer: () => store.user?.current?.parts.timeline.loadNewer(),
    jumpTo: (key, offset) => {
      open(key);
      store.user?.current?.parts.timeline.jumpTo(offset);
    },
    jumpToNewest: () => store.user?.current?.parts.timeline.jumpToNewest(),
    markVisible: (offset) => store.user?.markVisible(offset),
    markRead: (key) => {
      const place = store.user?.book.find(key);
      if (place !== undefined) store.user?.markRead(place);
    },

    search: (query, scope) => store.user?.search.start(query, scope, store.user.current?.roomId ?? 0),
    searchMore: () => store.user?.search.more(),
    clearSearch: () => store.user?.search.clear(),

    loadMembers: () => now()?.rooms.loadMembers(),
    loadMoreMembers: () => now()?.rooms.loadMoreMembers(),
    invite: (name) => ask(({ rooms }) => rooms.invite(name)),
    setRole: (name, role) => ask(({ rooms }) => rooms.setRole(name, role)),
    kick: (name, reason) => ask(({ rooms }) => rooms.moderate(name, "kick", 0, reason)),
    mute: (name, durationMs, reason) => ask(({ rooms }) => rooms.moderate(name, "mute", durationMs, reason)),
    unmute: (name) => ask(({ rooms }) => rooms.moderate(name, "unmute")),
    ban: (name, durationMs, reason) => ask(({ rooms }) => rooms.moderate(name, "ban", durationMs, reason)),
    unban: (name) => ask(({ rooms }) => rooms.moderate(name, "unban")),
    sanctions: async () => (await now()?.rooms.sanctions()) ?? { sanctions: [], failure: undefined },
    roomUpdate: (change) => ask(({ rooms }) => rooms.update(change)),
    deleteRoom: () => ask(({ rooms }) => rooms.delete()),

    changePassword: (oldPassword, newPassword) =>
      ask(async ({ user }) => {
        const outcome = await user.outcome(() => user.client.changePassword(oldPassword, newPassword));
        if (outcome.ok) user.notice("success", "passwordChanged");
        return outcome;
      }),
    setDisplayName: (displayName) =>
      ask(async ({ user }) => {
        const outcome = await user.outcome(() => user.client.setDisplayName(displayName));
        if (outcome.ok) {
          user.displayName = displayName;
          user.stale.session();
          user.stale.timeline();
          user.notice("success", "displayNameChanged");
        }
        return outcome;
      }),
    deleteAccount: (password) =>
      ask(async ({ user }) => {
        const outcome = await user.outcome(() => user.client.deleteAccount(password));
        if (outcome.ok) user.drafts.forget();
        return outcome;
      }),
    sessions: async () => {
      const user = store.user;
      if (user === undefined) return { tokens: [], failure: undefined };
      try {
        return { tokens: await user.client.tokens(), failure: undefined };
      } catch (error) {
        return { tokens: [], failure: user.toFailure(error) };
      }
    },
    revokeToken: (tokenId) =>
      ask(async ({ user }) => {
        let count = 0;
        const outcome = await user.outcome(async () => {
          count = await user.client.revokeToken(tokenId);
        });
        if (outcome.ok && tokenId === "others") user.notice("success", "othersRevoked", { count });
        return outcome;
      }),
    block: (name) => ask(({ user }) => setBlocked(user, name, true)),
    unblock: (name) => ask(({ user }) => setBlocked(user, name, false)),
    blocks: async () => {
      const user = store.user;
      if (user === undefined) return { names: [], failure: undefined };
      try {
        return { names: await user.client.blocks(), failure: undefined };
      } catch (error) {
        return { names: [], failure: user.toFailure(error) };
      }
    },

    dismissNotice: (id) => notices.dismiss(id),
    setLanguage: (language) => preferences.setLanguage(language),
    setTheme: (theme) => preferences.setTheme(theme),
    requestNotifications: () => void preferences.requestNotifications(),
    setNotifications: (isOn) => preferences.setNotifications(isOn),
  };
}

async function setBlocked(user: UserSession, name: string, isBlocked: boolean): Promise<Outcome> {
  const outcome = await user.outcome(() => (isBlocked ? user.client.block(name) : user.client.unblock(name)));
  if (!outcome.ok) return outcome;
  if (isBlocked) user.blocked.add(nameKey(name));
  else user.blocked.delete(nameKey(name));
  user.stale.sideList();
  user.stale.place();
  user.stale.composer();
  return outcome;
}
