import { FanOutRate } from "./fan-out-rate.ts";
import type { GatePolicy } from "./gate-context.ts";
import { resolveGateSettings, type GateSettings, type GateSettingsInput } from "./gate-settings.ts";
import { type MessageFilter, wordFilter } from "./message-filter.ts";
import { packetLimits } from "./packet-rate.ts";

/** What follows from settings. Throws GateSettingsError. */
export function gatePolicy(settings: GateSettings, messageFilter: MessageFilter | undefined): GatePolicy {
  return {
    settings,
    packetLimits: packetLimits(settings.rates),
    fanOutRate: FanOutRate.of(settings.rates),
    messageFilter: messageFilter ?? wordFilter(settings.filter),
  };
}

/** What listeners, buffers and sessions are made with; a running gate keeps it. */
const fixedLimits = [
  "packetBytes",
  "sendQueueBytes",
  "connections",
  "connectionsPerAddress",
  "acceptsPerSecond",
  "acceptsPerSecondPerAddress",
] as const;
const fixedTimeouts = ["handshakeMs"] as const;

/**
 * The settings that a running gate goes over to, and which it could not take ("limits.packetBytes", …)
 * and keeps as they are until it is started anew. A group that is left out stays as it is; in one that is
 * given, what is left out has its default. Throws GateSettingsError.
 */
export function nextSettings(
  current: GateSettings,
  input: GateSettingsInput,
): { readonly settings: GateSettings; readonly needRestart: readonly string[] } {
  const wanted = resolveGateSettings({ ...current, ...input });
  const settings = resolveGateSettings({
    ...wanted,
    limits: { ...wanted.limits, ...picked(current.limits, fixedLimits) },
    timeouts: { ...wanted.timeouts, ...picked(current.timeouts, fixedTimeouts) },
  });
  const needRestart = [
    ...fixedLimits.filter((key) => wanted.limits[key] !== current.limits[key]).map((key) => `limits.${key}`),
    ...fixedTimeouts
      .filter((key) => wanted.timeouts[key] !== current.timeouts[key])
      .map((key) => `timeouts.${key}`),
  ];
  return { settings, needRestart };
}

function picked<Group extends object>(group: Group, keys: readonly (keyof Group)[]): Partial<Group> {
  const some: Partial<Group> = {};
  for (const key of keys) some[key] = group[key];
  return some;
}
