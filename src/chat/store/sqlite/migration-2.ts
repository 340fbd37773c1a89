/**
 * Version 2: roles and settings of rooms, what moderation needs, edits, reactions and search. Columns are
 * added with constants, so that not one row of a long log is written again.
 */
export const migration2 = `
  ALTER TABLE accounts ADD COLUMN display_name TEXT NOT NULL DEFAULT '';
  ALTER TABLE accounts ADD COLUMN is_admin INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE accounts ADD COLUMN external_id TEXT;
  CREATE UNIQUE INDEX accounts_by_external_id ON accounts (external_id) WHERE external_id IS NOT NULL;

  CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hash TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    address TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    last_used_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX tokens_by_user ON tokens (user_id, last_used_ms, id);
  CREATE INDEX tokens_by_end ON tokens (expires_ms);

  CREATE TABLE invitations (
    hash TEXT NOT NULL PRIMARY KEY,
    uses INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX invitations_by_end ON invitations (expires_ms);

  CREATE TABLE blocks (
    user_id INTEGER NOT NULL,
    other_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, other_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX blocks_by_other ON blocks (other_id);

  -- A deleted room has no name that could be asked for, and goes when its log is gone.
  ALTER TABLE rooms ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE rooms ADD COLUMN access TEXT NOT NULL DEFAULT 'public';
  ALTER TABLE rooms ADD COLUMN password_hash TEXT NOT NULL DEFAULT '';
  ALTER TABLE rooms ADD COLUMN topic TEXT NOT NULL DEFAULT '';
  ALTER TABLE rooms ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE rooms ADD COLUMN slow_mode_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE rooms ADD COLUMN slow_reader TEXT NOT NULL DEFAULT 'disconnect';
  ALTER TABLE rooms ADD COLUMN retention_age_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE rooms ADD COLUMN retention_count INTEGER NOT NULL DEFAULT 0;
  -- Members with a role, counted by the triggers below.
  ALTER TABLE rooms ADD COLUMN member_count INTEGER NOT NULL DEFAULT 0;
  -- Up to here the log is in the search index.
  ALTER TABLE rooms ADD COLUMN indexed_offset INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX rooms_open ON rooms (name) WHERE kind = 'logged' AND access <> 'private' AND deleted = 0;
  CREATE INDEX rooms_with_retention ON rooms (id)
    WHERE deleted = 0 AND (retention_age_ms > 0 OR retention_count > 0);
  CREATE INDEX rooms_deleted ON rooms (id) WHERE deleted = 1;

  -- name_key is copied from the account, whose key never changes, for the order of a room's members.
  -- active_ms is the time of a conversation's newest entry, for the order of a user's conversations; 0
  -- in rooms and empty conversations.
  CREATE TABLE room_members (
    room_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('none', 'member', 'moderator', 'owner')),
    invited INTEGER NOT NULL DEFAULT 0,
    name_key TEXT NOT NULL,
    user_name TEXT NOT NULL DEFAULT '',
    joined_ms INTEGER NOT NULL,
    read_offset INTEGER NOT NULL DEFAULT 0,
    active_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX room_members_by_user ON room_members (user_id, active_ms, room_id);
  CREATE INDEX room_members_by_name ON room_members (room_id, name_key) WHERE role <> 'none';
  CREATE INDEX room_members_special ON room_members (room_id, user_id, role, invited)
    WHERE role <> 'member' OR invited = 1;
  CREATE INDEX room_members_owners ON room_members (user_id, room_id) WHERE role = 'owner';
  CREATE TRIGGER room_members_added AFTER INSERT ON room_members WHEN NEW.role <> 'none' BEGIN
    UPDATE rooms SET member_count = member_count + 1 WHERE id = NEW.room_id;
  END;
  CREATE TRIGGER room_members_removed AFTER DELETE ON room_members WHEN OLD.role <> 'none' BEGIN
    UPDATE rooms SET member_count = member_count - 1 WHERE id = OLD.room_id;
  END;
  CREATE TRIGGER room_members_changed AFTER UPDATE OF role ON room_members
    WHEN (OLD.role <> 'none') <> (NEW.role <> 'none') BEGIN
    UPDATE rooms SET member_count = member_count + iif(NEW.role <> 'none', 1, -1) WHERE id = NEW.room_id;
  END;

  -- Mutes and bans: a room's, or (room_id 0) the server's. user_name is a guest's.
  CREATE TABLE sanctions (
    room_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('ban', 'mute')),
    until_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    imposed_by TEXT NOT NULL,
    user_name TEXT NOT NULL,
    PRIMARY KEY (room_id, user_id, kind)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sanctions_by_user ON sanctions (user_id);
  CREATE INDEX sanctions_by_end ON sanctions (until_ms);

  CREATE TABLE address_bans (
    cidr TEXT NOT NULL PRIMARY KEY,
    until_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    imposed_by TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX address_bans_by_end ON address_bans (until_ms);

  CREATE TABLE settings (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    room TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;

  -- kind: a position in messageKinds (message-kinds.ts). sender_name is kept for guests alone.
  ALTER TABLE messages ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN target INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN reply_to INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN edited_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
  -- The newest entry that changed the message; 0: none has.
  ALTER TABLE messages ADD COLUMN changed_offset INTEGER NOT NULL DEFAULT 0;

  -- Where a message's edits are, as long as it is there and not deleted.
  CREATE TABLE edits (
    room_id INTEGER NOT NULL,
    target INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (room_id, target, offset)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE reactions (
    room_id INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    reaction TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (room_id, offset, reaction, user_id)
  ) STRICT, WITHOUT ROWID;
  -- Counted, because thousands may agree. position: the offset at which it was first given.
  CREATE TABLE reaction_counts (
    room_id INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    reaction TEXT NOT NULL,
    position INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (room_id, offset, reaction)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE mentions (
    user_id INTEGER NOT NULL,
    room_id INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id, offset)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX mentions_by_message ON mentions (room_id, offset);

  -- Words of text messages, rowid = room id * 2^33 + offset. They come in as search-words.ts makes them,
  -- each behind its room and block of offsets: looking for the beginning of a word costs as much as there
  -- are such words in the blocks that are looked at, not in the whole server. Measured in 1,000,000
  -- messages that all have a word: 1 ms instead of 267. Without positions the index is half as big.
  CREATE VIRTUAL TABLE search USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = "ascii tokenchars ':'"
  );
  -- Merged by search-index.ts in small pieces, instead of now and then in one of 250 ms.
  INSERT INTO search (search, rank) VALUES ('automerge', 0), ('crisismerge', 1000);
  -- Messages that were edited or deleted after they had been indexed.
  CREATE TABLE search_queue (
    room_id INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (room_id, offset)
  ) STRICT, WITHOUT ROWID;

  -- The conversations of version 1 are called @low:high after their users, who have heard everything.
  INSERT OR IGNORE INTO room_members
    (room_id, user_id, role, name_key, user_name, joined_ms, read_offset, active_ms)
  SELECT room_id, user_id, 'member',
    coalesce(accounts.name_key, lower(guest_name), ''), iif(accounts.id IS NULL, ifnull(guest_name, ''), ''),
    talks.created_ms, last_offset,
    ifnull((SELECT time_ms FROM messages WHERE messages.room_id = talks.room_id AND offset = last_offset), 0)
  FROM (
    SELECT id AS room_id, created_ms, user_id,
      ifnull((SELECT max(offset) FROM messages WHERE messages.room_id = pairs.id), 0) AS last_offset,
      (SELECT sender_name FROM messages
        WHERE messages.room_id = pairs.id AND sender_id = user_id LIMIT 1) AS guest_name
    FROM (
      SELECT id, created_ms, CAST(substr(name, 2, instr(name, ':') - 2) AS INTEGER) AS user_id
        FROM rooms WHERE kind = 'direct' AND name GLOB '@*:*'
      UNION ALL
      SELECT id, created_ms, CAST(substr(name, instr(name, ':') + 1) AS INTEGER)
        FROM rooms WHERE kind = 'direct' AND name GLOB '@*:*'
    ) AS pairs
  ) AS talks LEFT JOIN accounts ON accounts.id = talks.user_id;
  `;
