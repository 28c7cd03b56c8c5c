import { multiaddr } from '@multiformats/multiaddr';

/** Addresses that are kept of one peer. */
export const MAX_ADDRESSES = 8;
export const MAX_ADDRESS_LENGTH = 200;

/** Those addresses that this node could dial, each ending in the peer's id. */
export function usableAddresses(addresses: readonly string[], id: string): string[] {
  const usable = new Set<string>();
  for (const address of addresses) {
    if (usable.size >= MAX_ADDRESSES) break;
    if (address.length > MAX_ADDRESS_LENGTH) continue;
    try {
      const components = multiaddr(address).getComponents();
      const named = components.findLast((component) => component.name === 'p2p')?.value;
      const dialable =
        components.some(({ name }) => name === 'tcp') &&
        !components.some(({ name }) => name === 'p2p-circuit' || name === 'ws' || name === 'wss');
      if (!dialable || (named !== undefined && named !== id)) continue;
      usable.add(named === undefined ? `${address.replace(/\/$/, '')}/p2p/${id}` : address);
    } catch {
      // Not an address that this node understands.
    }
  }
  return [...usable];
}
