/** Offered first, without opening the picker. */
export const quickReactions: readonly string[] = ["👍", "❤️", "😂"];
