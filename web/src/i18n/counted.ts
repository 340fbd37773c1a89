/** "1 message", "3 messages"; above the limit "999+ messages". */
export function counted(count: number, one: string, many: string, limit = Number.MAX_SAFE_INTEGER): string {
  if (count > limit) return `${limit}+ ${many}`;
  return `${count} ${count === 1 ? one : many}`;
}
