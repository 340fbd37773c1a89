import { migration2 } from "./migration-2.ts";

/** "PORT" in PRAGMA application_id: this SQLite file is ours. */
export const APPLICATION_ID = 0x504f5254;

/**
 * What makes a database of version n out of one of version n - 1; the first makes version 1 of an empty
 * file. Each runs once, all that are missing in one transaction. Never change one that was released.
 */
export const migrations: readonly string[] = [
  `
  -- AUTOINCREMENT: the id of a deleted account or room is never given to another one.
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE rooms (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('logged', 'direct')),
    epoch TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  ) STRICT;

  -- The log itself, in the order it is read in. sender_id names no account when a guest (< 0) wrote.
  CREATE TABLE messages (
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    offset INTEGER NOT NULL CHECK (offset >= 1),
    sender_id INTEGER NOT NULL,
    sender_name TEXT NOT NULL,
    client_message_id TEXT NOT NULL,
    text TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    PRIMARY KEY (room_id, offset)
  ) STRICT, WITHOUT ROWID;

  -- The sender comes last on purpose. With ids that begin with their time, as our client makes them, the
  -- index then grows at one place per room and not at one per sender: measured at 500 senders in 16
  -- rooms, 600,000 messages, 265,000-360,000 rows/s against 65,000-98,000. With random ids both are alike.
  CREATE UNIQUE INDEX messages_by_client_message_id ON messages (room_id, client_message_id, sender_id);
  `,
  migration2,
];

/** The version this program writes and the newest it reads. */
export const SCHEMA_VERSION = migrations.length;
