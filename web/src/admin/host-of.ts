/** The host of "192.0.2.7:4711" and "[2001:db8::1]:4711"; what is a bare host already stays. */
export function hostOf(address: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([^:]+)(?::\d+)?)$/.exec(address) ?? [];
  return bracketed ?? plain ?? address;
}
