import { setMaxListeners } from 'node:events';
import { linkedSignal, onAbort } from '../signals.js';

/** Runs `task` with a signal that is aborted after `time` ms or together with one of `parents`, and cleans up behind it. */
export async function limited<T>(
  time: number,
  parents: readonly (AbortSignal | undefined)[],
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, abort, release } = linkedSignal(parents);
  // libp2p listens once for each address, step and peer asked.
  setMaxListeners(0, signal);
  const timer = setTimeout(() => abort(new DOMException('out of time', 'TimeoutError')), time);
  try {
    return await task(signal);
  } finally {
    clearTimeout(timer);
    release();
  }
}

/** `work`, unless the signal is aborted first: then it throws the signal's reason and lets the work go on alone. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const release = onAbort(signal, reject);
    work.then(resolve, reject).finally(release);
  });
}
