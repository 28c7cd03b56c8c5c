import type { PeerRef } from '../network/index.js';

/** Nodes asked for each key; their medians keep one liar from mattering. */
export const WANTED_ANSWERS = 3;
/** With so many answers for each key a search waits for slow nodes no longer than {@link GRACE}. */
const QUORUM_ANSWERS = 2;
/** A node that is there answers in milliseconds; after this the next ones are asked beside it. */
export const HEDGE_AFTER = 250;
/** Milliseconds after {@link HEDGE_AFTER} for those asked late, once each key has {@link QUORUM_ANSWERS}: one frozen node costs this. */
export const GRACE = 150;

/** Who can be asked for a key, the best first; `groups` are the salts under which a node holds it. */
export interface Candidate {
  readonly peer: PeerRef;
  readonly groups: readonly number[];
}

export interface Asked<A> {
  readonly answers: readonly { readonly peer: string; readonly keys: readonly number[]; readonly answer: A }[];
  /** For each key the nodes that were asked and those that answered. */
  readonly keys: readonly { readonly asked: ReadonlySet<string>; readonly answered: ReadonlySet<string> }[];
}

export interface AskOptions<A> {
  /** For each key its candidates. */
  readonly candidates: readonly (readonly Candidate[])[];
  /** Asks one node for some of the keys; `first`: it is the first to be asked for one of them, so it sends cards. */
  readonly request: (peer: string, keys: readonly number[], first: boolean, signal: AbortSignal) => Promise<A>;
  /** Milliseconds after which what has come must do. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks several nodes for each of several keys, a node once for all of its keys, side by side. Ends when every key has
 * {@link WANTED_ANSWERS} or nobody is left to ask, at the latest at the deadline. Nodes that fail are replaced at once, slow
 * ones are joined by others, and waited for only where a key has less than {@link QUORUM_ANSWERS}.
 * @throws the signal's reason when it was aborted
 */
export async function askAll<A>(options: AskOptions<A>): Promise<Asked<A>> {
  options.signal?.throwIfAborted();
  const { candidates, request } = options;
  const keys = candidates.map(() => ({ asked: new Set<string>(), answered: new Set<string>(), failed: 0 }));
  const answers: { peer: string; keys: readonly number[]; answer: A }[] = [];
  const ending = new AbortController();
  const finished = new Promise<void>((resolve) =>
    ending.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  let pending = 0;
  let hedged = false;
  let grace: NodeJS.Timeout | undefined;

  const launch = (wanted: number): void => {
    const batches = new Map<string, number[]>();
    candidates.forEach((list, key) => {
      const state = keys[key];
      if (state === undefined || state.answered.size >= WANTED_ANSWERS) return;
      for (const { peer } of list) {
        if (state.asked.size - state.failed >= wanted) break;
        if (state.asked.has(peer.id)) continue;
        state.asked.add(peer.id);
        batches.set(peer.id, [...(batches.get(peer.id) ?? []), key]);
      }
    });
    for (const [peer, of] of batches) void run(peer, of);
  };

  const run = async (peer: string, of: readonly number[]): Promise<void> => {
    pending++;
    const first = of.some((key) => candidates[key]?.[0]?.peer.id === peer || keys[key]?.failed !== 0);
    try {
      const answer = await request(peer, of, first, ending.signal);
      if (ending.signal.aborted) return;
      answers.push({ peer, keys: of, answer });
      for (const key of of) keys[key]?.answered.add(peer);
    } catch {
      if (ending.signal.aborted) return;
      for (const key of of) {
        const state = keys[key];
        if (state !== undefined) state.failed++;
      }
      launch(WANTED_ANSWERS);
    } finally {
      pending--;
      settle();
    }
  };

  const settle = (): void => {
    if (ending.signal.aborted) return;
    const haveAll = (wanted: number): boolean =>
      keys.every(({ answered }, key) => answered.size >= Math.min(wanted, candidates[key]?.length ?? 0));
    if (pending === 0 || haveAll(WANTED_ANSWERS)) ending.abort();
    else if (hedged && haveAll(QUORUM_ANSWERS)) grace ??= setTimeout(stop, GRACE);
  };

  const stop = (): void => ending.abort();
  const hedge = setTimeout(() => {
    hedged = true;
    launch(2 * WANTED_ANSWERS);
    settle();
  }, HEDGE_AFTER);
  const deadline = setTimeout(stop, options.deadline);
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    launch(WANTED_ANSWERS);
    settle();
    await finished;
  } finally {
    clearTimeout(hedge);
    clearTimeout(grace);
    clearTimeout(deadline);
    options.signal?.removeEventListener('abort', stop);
  }
  options.signal?.throwIfAborted();
  return { answers, keys };
}
