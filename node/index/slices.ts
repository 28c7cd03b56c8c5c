/** Milliseconds of work in one piece: requests of others wait no longer than that. */
const SLICE = 5;
/** Milliseconds of rest after each: work in the background takes half of the processor at most. */
const PAUSE = 5;

/** Goes through many things in slices, so that everything else goes on beside it. @throws the signal's reason */
export async function* slices<T>(items: Iterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  let begun = performance.now();
  for (const item of items) {
    if (performance.now() - begun > SLICE) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      signal.throwIfAborted();
      begun = performance.now();
    }
    yield item;
  }
}

/**
 * Works on several things side by side, in their order.
 * @param work gets whether others wait for their turn
 * @param patience milliseconds after which the next one is begun beside one that takes longer
 * @throws what the first that failed has thrown, when all that was begun has ended
 */
export async function sideBySide<T>(
  items: readonly T[],
  most: number,
  work: (item: T, othersWait: () => boolean) => Promise<void>,
  patience?: number,
): Promise<void> {
  const queue = [...items];
  const begun: Promise<void>[] = [];
  const othersWait = (): boolean => queue.length > 0;
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const one = work(next, othersWait);
      begun.push(one);
      await (patience === undefined ? one : endOrTime(one, patience));
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: most }, worker));
  const ended = await Promise.allSettled(begun);
  const failed = [...workers, ...ended].find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Resolves when the time is over, or as the work does. */
async function endOrTime(work: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, time]).finally(() => clearTimeout(timer));
}
