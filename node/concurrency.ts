/** Runs tasks one after the other, in the order in which they came. A task that fails does not stop the next. */
export type Mutex = <T>(task: () => Promise<T>) => Promise<T>;

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const run = last.then(task, task);
    last = run.catch(() => undefined);
    return run;
  };
}

/** One mutex a key; forgotten when nobody waits for it. */
export function createKeyedMutex(): <T>(key: string, task: () => Promise<T>) => Promise<T> {
  const mutexes = new Map<string, { run: Mutex; users: number }>();
  return async (key, task) => {
    const entry = mutexes.get(key) ?? { run: createMutex(), users: 0 };
    mutexes.set(key, entry);
    entry.users++;
    try {
      return await entry.run(task);
    } finally {
      entry.users--;
      if (entry.users === 0) mutexes.delete(key);
    }
  };
}

/** Waits for work that goes on alone where it takes longer than so many milliseconds; what it throws is thrown, if it does so in time. */
export async function patiently(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  try {
    await Promise.race([work, patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** Begins a task each time it is called, unless the one before has not ended yet. The task must not throw. */
export function unlessRunning(task: () => Promise<void>): () => void {
  let isRunning = false;
  return () => {
    if (isRunning) return;
    isRunning = true;
    void task().finally(() => (isRunning = false));
  };
}
