import { createNetwork, type Network, type NetworkOptions } from '../../../node/network/index.js';

const LOOPBACK = ['/ip4/127.0.0.1/tcp/0'];

/** A device's seed that is the same in each run: the same number gives the same peer. */
export function seed(number: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number + 1);
  return bytes;
}

const running: Network[] = [];

/** A started network on loopback, stopped by {@link stopAll} at the latest. */
export async function startNetwork(number: number, options: Partial<NetworkOptions> = {}): Promise<Network> {
  const network = createNetwork({ privateKeySeed: seed(number), network: 'test', listen: LOOPBACK, ...options });
  running.push(network);
  await network.start();
  return network;
}

export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((network) => network.stop()));
}

/** Polls until `condition` holds. @throws Error naming `what` after `time` ms */
export async function until(condition: () => boolean | Promise<boolean>, what: string, time = 40_000): Promise<void> {
  const end = Date.now() + time;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what} did not come in ${time} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const read = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
