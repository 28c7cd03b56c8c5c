/** How a peer failed. */
export interface Failure {
  readonly peer: string;
  readonly error: unknown;
}

export interface FirstGood<T> {
  readonly good: { readonly peer: string; readonly answer: T } | undefined;
  /** Of those who answered or could not be asked before; in the order in which they failed. */
  readonly failures: readonly Failure[];
}

interface FirstGoodOptions {
  /** So many at once; a failure calls the next one. */
  readonly together: number;
  /** After so many milliseconds without a good answer one more is asked beside them, and so on. */
  readonly hedge: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks peers side by side, in their order, until one gives what is good; the others are given up then.
 * @param ask throws for what is not good
 * @throws the signal's reason when it was aborted
 */
export async function firstGood<T>(
  peers: readonly string[],
  ask: (peer: string, signal: AbortSignal) => Promise<T>,
  { together, hedge, signal }: FirstGoodOptions,
): Promise<FirstGood<T>> {
  signal?.throwIfAborted();
  const queue = [...peers];
  const failures: Failure[] = [];
  const ending = new AbortController();
  const onAbort = (): void => ending.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  let timer: NodeJS.Timeout | undefined;
  let good: FirstGood<T>['good'];
  try {
    await new Promise<void>((resolve) => {
      let pending = 0;
      ending.signal.addEventListener('abort', () => resolve(), { once: true });
      const next = (): void => {
        const peer = queue.shift();
        if (peer === undefined) {
          if (pending === 0) resolve();
          return;
        }
        pending++;
        ask(peer, ending.signal)
          .then(
            (answer) => {
              good ??= { peer, answer };
              resolve();
            },
            (error: unknown) => failures.push({ peer, error }),
          )
          .finally(() => {
            pending--;
            if (good === undefined && !ending.signal.aborted) next();
          })
          .catch(() => undefined);
      };
      timer = setInterval(next, hedge);
      for (let count = 0; count < Math.max(1, together); count++) next();
    });
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', onAbort);
    ending.abort();
  }
  signal?.throwIfAborted();
  return { good, failures };
}
