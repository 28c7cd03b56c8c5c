/** One call of `write`: what it wants, and whether it wants to wait for the disk. */
export interface Commit<T> {
  readonly items: readonly T[];
  readonly sync: boolean;
  readonly bytes: number;
}

type Waiting<T> = { resolve: () => void; reject: (error: unknown) => void } & (
  { readonly commit: Commit<T> } | { readonly alone: () => Promise<void> }
);

/**
 * Group commit: one batch is written at a time, and everything that is asked for meanwhile goes into the next one, in
 * the order of the calls. Waiting for the disk is then paid once a batch and not once a call.
 */
export class CommitQueue<T> {
  readonly #write: (items: readonly T[], sync: boolean) => Promise<void>;
  readonly #maxBytes: number;
  readonly #waiting: Waiting<T>[] = [];
  #running: Promise<void> | undefined;

  /**
   * @param write - writes the items of one batch; `sync` when any of its calls asked for it.
   * @param maxBytes - a batch is closed when it has reached this size.
   */
  constructor(write: (items: readonly T[], sync: boolean) => Promise<void>, maxBytes: number) {
    this.#write = write;
    this.#maxBytes = maxBytes;
  }

  /** Resolves when the batch that holds this commit is written; rejects, as do all of its batch, when that failed. */
  add(commit: Commit<T>): Promise<void> {
    return new Promise((resolve, reject) => this.#push({ commit, resolve, reject }));
  }

  /** Runs `task` after all earlier commits and before all later ones. */
  alone<R>(task: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#push({ alone: async () => resolve(await task()), resolve: () => undefined, reject });
    });
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #push(waiting: Waiting<T>): void {
    this.#waiting.push(waiting);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // Calls of the same turn of the event loop go into the first batch already.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        await runGroup(group, this.#write);
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#running = undefined;
  }

  /** Either one task that must be alone, or as many commits as may be joined. */
  #takeGroup(): Waiting<T>[] {
    let bytes = 0;
    let end = 0;
    for (const waiting of this.#waiting) {
      if ('alone' in waiting) {
        if (end === 0) end = 1;
        break;
      }
      end++;
      bytes += waiting.commit.bytes;
      if (bytes >= this.#maxBytes) break;
    }
    return this.#waiting.splice(0, end);
  }
}

async function runGroup<T>(
  group: readonly Waiting<T>[],
  write: (items: readonly T[], sync: boolean) => Promise<void>,
): Promise<void> {
  const items: T[] = [];
  let sync = false;
  for (const waiting of group) {
    if ('alone' in waiting) return waiting.alone();
    for (const item of waiting.commit.items) items.push(item);
    sync ||= waiting.commit.sync;
  }
  await write(items, sync);
}
