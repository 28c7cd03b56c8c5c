/** Work that goes on by itself: whoever begins it does not wait for it, and its owner does once it stops. */
export interface Background {
  add(work: Promise<unknown>): void;
  /** Resolves once nothing is under way any more, also of what was added meanwhile. */
  ended(): Promise<void>;
}

/** @param failed told of what work throws, also while the owner stops */
export function createBackground(failed: (error: unknown) => void): Background {
  const running = new Set<Promise<unknown>>();
  return {
    add(work) {
      const tracked: Promise<unknown> = work.catch(failed).finally(() => running.delete(tracked));
      running.add(tracked);
    },
    async ended() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
