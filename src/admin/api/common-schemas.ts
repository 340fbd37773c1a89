import * as z from "zod";

/** What several shapes of the admin API have. */

export const count = z.number().int().min(0);
export const bytes = count.describe("bytes");
export const timeMs = z.number().int().min(0).describe("milliseconds since 1970-01-01 UTC");
export const ageMs = z.number().min(0).describe("how long, in milliseconds");
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export const logLevel = z.enum(logLevels);

/** 0: none, 1: no new accounts, 2: and no guests, 3: and only accounts may speak. */
export const lockdownLevel = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]);
