import { networkInterfaces } from 'node:os';

/** The networks of homes and shops first (RFC 1918), those of virtual machines and containers, which are mostly in 172.16/12, after them. */
const ORDER = [/^192\.168\./, /^10\./, /^172\.(1[6-9]|2\d|3[01])\./];

/** This machine's addresses (IPv4) that others on the same network can reach, the likeliest first. */
export function ownAddresses(): string[] {
  const rank = (address: string): number => {
    const at = ORDER.findIndex((range) => range.test(address));
    return at === -1 ? ORDER.length : at;
  };
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
    .sort((a, b) => rank(a) - rank(b));
}
