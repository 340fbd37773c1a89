/**
 * SQL for the name that a conversation has for one of its users: the other's. `own` has the columns
 * room_id and user_id of that user, `rooms` is the conversation.
 */
export const CONVERSATION_NAME = `coalesce(
  (SELECT ifnull(accounts.name, other.user_name)
    FROM room_members AS other LEFT JOIN accounts ON accounts.id = other.user_id
    WHERE other.room_id = own.room_id AND other.user_id <> own.user_id LIMIT 1),
  (SELECT ifnull(accounts.name, self.user_name)
    FROM room_members AS self LEFT JOIN accounts ON accounts.id = self.user_id
    WHERE self.room_id = own.room_id AND self.user_id = own.user_id
      AND rooms.name = printf('@%d:%d', own.user_id, own.user_id)),
  '(deleted)')`;
