import { setMaxListeners } from 'node:events';

/**
 * Runs `task` with a signal that is aborted after `time` ms or together with one of `parents`, and cleans up behind it. Not
 * AbortSignal.any: on Node.js 20 each such signal leaves a trace in its sources, and the network's lives as long as the node.
 */
export async function limited<T>(
  time: number,
  parents: readonly (AbortSignal | undefined)[],
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  // libp2p listens once for each address, step and peer asked.
  setMaxListeners(0, controller.signal);
  const timer = setTimeout(() => controller.abort(new DOMException('out of time', 'TimeoutError')), time);
  const releases = parents.map((parent) => onAbort(parent, (reason) => controller.abort(reason)));
  try {
    return await task(controller.signal);
  } finally {
    clearTimeout(timer);
    for (const release of releases) release();
  }
}

/** `work`, unless the signal is aborted first: then it throws the signal's reason and lets the work go on alone. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const release = onAbort(signal, reject);
    work.then(resolve, reject).finally(release);
  });
}

function onAbort(signal: AbortSignal | undefined, callback: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => undefined;
  const listener = (): void => callback(signal.reason);
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
