import type { Network } from './index.js';

/** Waits while the node joins its network, for so long at most. @throws the signal's reason */
export async function untilReady(network: Network, ms: number, signal: AbortSignal): Promise<void> {
  if (network.ready) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      off();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    const off = network.on('ready', end);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
  signal.throwIfAborted();
}
