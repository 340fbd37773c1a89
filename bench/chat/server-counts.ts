import type { ChatServerCounters } from "../../src/chat/chat-server.ts";

const MEGABYTE = 1_000_000;

/** What the server counted itself, since its (last) start, in a few lines. */
export function renderServerCounts({
  gate,
  hub,
  port,
  sendBuffers,
  connections,
}: ChatServerCounters): string[] {
  const whole = (value: number): string => value.toLocaleString("en");
  const megabytes = (bytes: number): string => `${whole(Math.round(bytes / MEGABYTE))} MB`;
  const perTurn = (port.completions / Math.max(port.turns, 1)).toFixed(1);
  return [
    `  server counted  ${whole(gate.packetsReceived)} packets in, ${whole(gate.messagesFannedOut)} messages to ${whole(gate.deliveries)} members, ${whole(gate.replayed)} replayed`,
    `                  ${megabytes(port.receivedBytes)} received, ${megabytes(port.sentBytes)} sent, ${whole(port.turns)} turns of ${perTurn} completions`,
    `                  ${whole(connections)} connections, ${whole(hub.storeFailureCount)} store failures, ${whole(gate.catchUps + gate.skips)} slow readers helped, send buffers ${megabytes(sendBuffers.allocatedBytes)}`,
  ];
}
