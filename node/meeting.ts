import type { Network } from './network/index.js';

/**
 * Does something a while after peers were met or the network was joined, once for all that are met meanwhile.
 * @param delay milliseconds
 * @returns what ends it
 */
export function whenMet(network: Pick<Network, 'on' | 'ready'>, delay: number, task: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const meet = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      task();
    }, delay).unref();
  };
  const ends = [network.on('ready', meet), network.on('peer:connect', meet)];
  if (network.ready) meet();
  return () => {
    for (const end of ends) end();
    clearTimeout(timer);
  };
}
