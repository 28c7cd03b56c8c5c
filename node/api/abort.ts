import { onAbort } from '../signals.js';

/**
 * Settles as `promise` does, or rejects with the signal's reason as soon as it aborts: a handler that does not watch
 * its signal must not keep the caller or a stopping node waiting.
 */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const released = onAbort(signal, () => reject(reasonOf(signal)));
    promise.then(resolve, reject).finally(released);
  });
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
