import { useState } from 'preact/hooks';
import { refusalOf, type Refusal } from './refusal.js';

/** Something that a button does once: while it goes on the button waits, and a refusal stays until the next try. */
export interface Action {
  readonly run: (task: () => Promise<void>) => void;
  readonly running: boolean;
  readonly refusal: Refusal | undefined;
}

export function useAction(): Action {
  const [running, setRunning] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const run = (task: () => Promise<void>): void => {
    if (running) return;
    setRunning(true);
    setRefusal(undefined);
    task()
      .catch((thrown: unknown) => setRefusal(refusalOf(thrown)))
      .finally(() => setRunning(false));
  };
  return { run, running, refusal };
}
