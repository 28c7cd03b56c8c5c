/** A signal that is aborted together with others. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
  /** Lets go of the others: to be called when what the signal was for has ended. */
  readonly release: () => void;
}

/**
 * A signal that is aborted with the first of `parents`. Not AbortSignal.any: on Node.js 20 each such signal leaves a trace in its
 * sources, and some of them live as long as the node.
 */
export function linkedSignal(parents: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const abort = (reason: unknown): void => controller.abort(reason);
  const releases = parents.map((parent) => onAbort(parent, abort));
  return {
    signal: controller.signal,
    abort,
    release: () => {
      for (const release of releases) release();
    },
  };
}

/** Who waits for each signal. An event target goes through all its listeners to add or remove one, and there may be thousands. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls back once the signal is aborted, at once where it is; gives what takes that back. */
export function onAbort(signal: AbortSignal | undefined, callback: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => undefined;
  const call = (): void => callback(signal.reason);
  if (signal.aborted) {
    call();
    return () => undefined;
  }
  const calls = waiting.get(signal) ?? begun(signal);
  calls.add(call);
  return () => calls.delete(call);
}

function begun(signal: AbortSignal): Set<() => void> {
  const calls = new Set<() => void>();
  waiting.set(signal, calls);
  const callAll = (): void => {
    for (const call of calls) {
      try {
        call();
      } catch (error) {
        // The others are called all the same, as an event target does it.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    calls.clear();
  };
  signal.addEventListener('abort', callAll, { once: true });
  return calls;
}
