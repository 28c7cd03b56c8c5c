/**
 * The address blocks that a node's addresses lie in: IPv4 /16 and IPv6 /32, which is about what one provider hands out, and for
 * a DNS name its last two labels. Addresses of private networks and of the machine itself lie in none, so that a network
 * within one house is not limited; a node that names no public address is not either.
 * @param addresses multiaddrs
 * @returns each block once
 */
export function addressBlocks(addresses: readonly string[]): string[] {
  const blocks = new Set<string>();
  for (const address of addresses) {
    const block = blockOfAddress(address);
    if (block !== undefined) blocks.add(block);
  }
  return [...blocks];
}

/** The same few addresses are asked about for every name of every card. */
const MEMORY_ADDRESSES = 4_096;
const memory = new Map<string, string | undefined>();

function blockOfAddress(address: string): string | undefined {
  const known = memory.get(address);
  if (known !== undefined || memory.has(address)) return known;
  if (memory.size >= MEMORY_ADDRESSES) memory.clear();
  const [, protocol, value] = address.split('/', 3);
  const block = value === undefined ? undefined : blockOf(protocol, value);
  memory.set(address, block);
  return block;
}

function blockOf(protocol: string | undefined, value: string): string | undefined {
  switch (protocol) {
    case 'ip4':
      return blockOfIp4(value);
    case 'ip6':
      return blockOfIp6(value);
    case 'dns':
    case 'dns4':
    case 'dns6':
    case 'dnsaddr':
      return `dns:${value.toLowerCase().split('.').slice(-2).join('.')}`;
    default:
      return undefined;
  }
}

function blockOfIp4(text: string): string | undefined {
  const [a = 0, b = 0] = text.split('.', 2).map(Number);
  return isPrivateIp4(a, b) ? undefined : `ip4:${a}.${b}`;
}

/** Private (RFC 1918), shared by a provider's customers (RFC 6598), link-local, loopback, and "this network". */
function isPrivateIp4(a: number, b: number): boolean {
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168)
  );
}

function blockOfIp6(text: string): string | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
  if (mapped !== undefined) return blockOfIp4(mapped);
  // What `::` stands for are zeros, as far as the first two groups are concerned.
  const groups = (text.split('::', 1)[0] ?? '').split(':');
  const [first = 0, second = 0] = groups.map((group) => Number.parseInt(group || '0', 16));
  // Loopback, unspecified and v4-compatible (::/16), unique local (fc00::/7), link-local (fe80::/10).
  const own = first === 0 || (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80;
  return own ? undefined : `ip6:${first.toString(16)}:${second.toString(16)}`;
}
