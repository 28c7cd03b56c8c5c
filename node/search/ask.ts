import { setMaxListeners } from 'node:events';
import { median } from '../../protocol/search/median.js';
import {
  ableOf,
  groupsOf,
  hasAnswers,
  hasEnough,
  inOrder,
  isDone,
  newKey,
  openOf,
  saltToCover,
  WANTED_ANSWERS,
  withAny,
  type AskedKey,
  type Candidate,
  type KeyState,
} from './asked-key.js';
import { Latecomers } from './latecomers.js';

/** With so many answers for each key a search waits for slow nodes no longer than {@link GRACE}. */
const QUORUM_ANSWERS = 2;
/** A node that is there answers in milliseconds; after this the next ones are asked beside it. */
export const HEDGE_AFTER = 250;
/** Milliseconds after {@link HEDGE_AFTER} for those asked late, once each key has {@link QUORUM_ANSWERS}: one frozen node costs this. */
export const GRACE = 150;
/**
 * Milliseconds for nodes that an answer named, where those that were known have answered and hold the key: whoever names
 * nodes that are not there delays a search by no more than this.
 */
const NAMED_GRACE = 100;
/** On long ways it is so many times what an answer takes, for a named node is dialled first, and at most so many milliseconds. */
const NAMED_FACTOR = 4;
const MOST_GRACE = 500;
/**
 * The same where nobody who answered holds the key: it may be that all of them are the wrong ones, or that nobody has it. Each answer
 * from a nearer node begins it anew, for in a large network the way to the nearest takes several.
 */
const NAMED_PATIENCE = 500;
const PATIENCE_FACTOR = 8;
/** Nodes asked for one key at most, and as many of those that were only heard of: each answer may name nearer ones without end. */
const MOST_ASKED = 12;

/** What one node answered for the keys that it was asked for. */
export interface Answered<A> {
  readonly peer: string;
  readonly keys: readonly number[];
  readonly answer: A;
}

export interface Asked<A> {
  readonly answers: readonly Answered<A>[];
  /** For each key the nodes that were asked and those that answered. */
  readonly keys: readonly AskedKey[];
}

/** What came so far, and what an answer may change about the questions that are still open. */
export interface Asking<A> extends Asked<A> {
  /** Who can be asked for a key, as known now. */
  know(key: number, candidates: readonly Candidate[]): void;
  /** Asks for one more key; gives its number. */
  add(candidates: readonly Candidate[]): number;
}

export interface AskOptions<A> {
  /** For each key its candidates. */
  readonly candidates: readonly (readonly Candidate[])[];
  /** Asks one node for some of the keys; `first`: no other node is to send the cards of one of them. */
  readonly request: (peer: string, keys: readonly number[], first: boolean, signal: AbortSignal) => Promise<A>;
  /** Told of each answer as it comes. */
  readonly onAnswer?: ((answered: Answered<A>, asking: Asking<A>) => void) | undefined;
  /** Whether the node that answered is one of those that hold the key; then nodes that it names are not waited for long. */
  readonly holds?: ((answered: Answered<A>, key: number) => boolean) | undefined;
  /** Who can be asked for a key by now: used before others are asked beside slow ones. Default: as they were. */
  readonly renew?: ((key: number) => readonly Candidate[] | undefined) | undefined;
  /** Who was late before; told of who is now. Default: nobody was. */
  readonly latecomers?: Latecomers | undefined;
  /** Keys that one request may name; for more a node is asked several times, side by side. Default: any number. */
  readonly keysOfRequest?: number | undefined;
  /** Milliseconds after which what has come must do. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks several nodes for each of several keys, side by side: as few nodes as can be, each once for all of its keys as far as they go into
 * one request. Ends when
 * {@link WANTED_ANSWERS} candidates of every key have answered or nobody is left to ask, at the latest at the deadline. Nodes that
 * fail are replaced at once, slow ones are joined by others, and waited for only where a key has less than {@link QUORUM_ANSWERS}.
 * @throws the signal's reason when it was aborted
 */
export async function askAll<A>(options: AskOptions<A>): Promise<Asked<A>> {
  options.signal?.throwIfAborted();
  const questions = new Questions(options);
  await questions.run();
  options.signal?.throwIfAborted();
  return { answers: questions.answers, keys: questions.keys };
}

class Questions<A> implements Asking<A> {
  readonly answers: Answered<A>[] = [];
  readonly keys: KeyState[];
  readonly #options: AskOptions<A>;
  readonly #ending = new AbortController();
  readonly #latecomers: Latecomers;
  readonly #begun = performance.now();
  #pending = 0;
  #wanted = WANTED_ANSWERS;
  /** Milliseconds that each answer took. */
  readonly #took: number[] = [];
  #last: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined;

  constructor(options: AskOptions<A>) {
    this.#options = options;
    this.#latecomers = options.latecomers ?? new Latecomers();
    // Every request listens for the end.
    setMaxListeners(0, this.#ending.signal);
    this.keys = options.candidates.map((candidates) => this.#newKey(candidates));
  }

  async run(): Promise<void> {
    const { deadline, signal } = this.#options;
    const finished = new Promise<void>((resolve) =>
      this.#ending.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    const hedge = setTimeout(() => this.#hedge(true), HEDGE_AFTER);
    const end = setTimeout(this.#stop, deadline);
    signal?.addEventListener('abort', this.#stop, { once: true });
    try {
      this.#launch();
      this.#settle();
      await finished;
    } finally {
      for (const timer of [hedge, end, this.#last?.timer]) clearTimeout(timer);
      signal?.removeEventListener('abort', this.#stop);
    }
  }

  /**
   * Asks others beside those that have not answered yet.
   * @param isTime whether these have had their time
   */
  #hedge(isTime: boolean): void {
    this.#wanted = 2 * WANTED_ANSWERS;
    this.#renew();
    // Where nobody has answered yet, it is the ways that are long.
    if (isTime && this.#took.length > 0) this.keys.forEach((state) => this.#markLate(state));
    this.#launch();
    this.#settle();
  }

  get #elapsed(): number {
    return performance.now() - this.#begun;
  }

  know(key: number, candidates: readonly Candidate[]): void {
    const state = this.keys[key];
    if (state !== undefined) this.#know(state, candidates);
  }

  add(candidates: readonly Candidate[]): number {
    this.#goOn();
    return this.keys.push(this.#newKey(candidates)) - 1;
  }

  #newKey(candidates: readonly Candidate[]): KeyState {
    const state = newKey();
    this.#know(state, candidates);
    return state;
  }

  #know(state: KeyState, candidates: readonly Candidate[]): void {
    state.candidates = candidates;
    for (const { peer } of candidates)
      if (!state.answered.has(peer.id) && this.#latecomers.has(peer.id)) state.late.add(peer.id);
  }

  #markLate(state: KeyState): void {
    for (const peer of openOf(state)) {
      state.late.add(peer);
      this.#latecomers.late(peer);
    }
  }

  /** What was nearly at its end has a new beginning. */
  #goOn(): void {
    clearTimeout(this.#last?.timer);
    this.#last = undefined;
  }

  get #hedged(): boolean {
    return this.#wanted > WANTED_ANSWERS;
  }

  #renew(): void {
    this.keys.forEach((state, key) => {
      const candidates = isDone(state) ? undefined : this.#options.renew?.(key);
      if (candidates !== undefined) this.#know(state, candidates);
    });
  }

  readonly #stop = (): void => this.#ending.abort(ENOUGH);

  /** Asks candidates of each key, in their order, until as many as are wanted have been asked that did not fail. */
  #launch(): void {
    const batches = new Map<string, number[]>();
    const open = [...this.keys.entries()].filter(([, state]) => !isDone(state));
    const keysOf = this.#keysOf(open.map(([, state]) => state));
    for (const [key, state] of open) {
      const able = ableOf(state);
      const heard = able.filter((candidate) => candidate.state === 'heard');
      const room = MOST_ASKED - (state.asked.size - state.heard.size);
      const salt = saltToCover(state, batches);
      const known = inOrder(
        able.filter((candidate) => candidate.state !== 'heard'),
        { salt, planned: batches, keysOf },
      );
      const next: string[] = [];
      // Those of one salt can make the answer complete; whoever only stands in for one that rests holds nothing of it.
      const toCover = known.filter(({ groups }) => groups.some((of) => of === salt));
      next.push(...this.#next(toCover, [...state.asked], room, { wanted: WANTED_ANSWERS, late: state.late }));
      for (const some of [toCover, withAny(known, groupsOf), known])
        next.push(...this.#next(some, [...state.asked, ...next], room - next.length));
      // Beside each other: whoever makes up nodes must not keep those from being asked that are there.
      for (const peer of this.#next(heard, [...state.asked], MOST_ASKED - state.heard.size)) {
        state.heard.add(peer);
        next.push(peer);
      }
      for (const peer of next) {
        state.asked.add(peer);
        batches.set(peer, [...(batches.get(peer) ?? []), key]);
      }
    }
    const { keysOfRequest: most = Number.POSITIVE_INFINITY } = this.#options;
    for (const [peer, of] of batches)
      for (let at = 0; at < of.length; at += most) void this.#ask(peer, of.slice(at, at + most));
  }

  /** Of how many of these keys a node is a candidate. */
  #keysOf(states: readonly KeyState[]): (peer: string) => number {
    const counts = new Map<string, number>();
    for (const { candidates } of states)
      for (const { peer } of withAny(candidates, groupsOf)) counts.set(peer.id, (counts.get(peer.id) ?? 0) + 1);
    return (peer) => counts.get(peer) ?? 0;
  }

  /**
   * The first of these that were not asked, until as many as are wanted have been, but no more than there is room for.
   * @param of.late those that do not count
   */
  #next(
    candidates: readonly Candidate[],
    asked: readonly string[],
    room: number,
    { wanted = this.#wanted, late = NOBODY }: { wanted?: number; late?: ReadonlySet<string> } = {},
  ): string[] {
    const next: string[] = [];
    const ids = candidates.map(({ peer }) => peer.id);
    let lacking = wanted - ids.filter((id) => asked.includes(id) && !late.has(id)).length;
    for (const id of ids) {
      if (lacking <= 0 || next.length >= room) break;
      if (asked.includes(id)) continue;
      next.push(id);
      if (!late.has(id)) lacking--;
    }
    return next;
  }

  async #ask(peer: string, of: readonly number[]): Promise<void> {
    const { signal } = this.#ending;
    this.#pending++;
    const begun = performance.now();
    const first = of.some((key) => this.#lacksSender(key));
    if (first) for (const key of of) this.keys[key]?.senders.add(peer);
    try {
      const answer = await this.#options.request(peer, of, first, signal);
      if (signal.aborted) return;
      const took = performance.now() - begun;
      this.#took.push(took);
      if (took < HEDGE_AFTER) this.#latecomers.inTime(peer);
      this.#take({ peer, keys: of, answer });
    } catch {
      if (signal.aborted) return;
      for (const key of of) this.keys[key]?.failed.add(peer);
    } finally {
      this.#pending--;
      if (!signal.aborted) this.#launch();
      this.#settle();
    }
  }

  /** Whether nobody sends the cards of a key yet; who is late with them does not count, nor who turned out not to hold it. */
  #lacksSender(key: number): boolean {
    const state = this.keys[key];
    if (state === undefined) return false;
    if (state.answered.size > 0 && !state.held) return true;
    const { senders, failed, late, answered } = state;
    return ![...senders].some((peer) => !failed.has(peer) && !late.has(peer) && (!this.#hedged || answered.has(peer)));
  }

  #take(answered: Answered<A>): void {
    this.answers.push(answered);
    for (const key of answered.keys) {
      const state = this.keys[key];
      if (state === undefined) continue;
      state.answered.add(answered.peer);
      state.late.delete(answered.peer);
      state.held ||= this.#options.holds?.(answered, key) ?? false;
      if (!state.held) this.#goOn();
    }
    this.#options.onAnswer?.(answered, this);
  }

  #settle(): void {
    if (this.#ending.signal.aborted) return;
    if (this.#pending === 0) return this.#stop();
    const open = this.keys.filter((state) => !isDone(state));
    if (open.length === 0) return this.#stop();
    const usual = median(this.#took);
    const grace = Math.min(MOST_GRACE, Math.max(NAMED_GRACE, NAMED_FACTOR * usual));
    if (open.every((state) => state.held && hasAnswers(state))) return this.#endIn(grace);
    const isForLatecomers = open.every((state) => openOf(state).every((peer) => state.late.has(peer)));
    if (!this.#hedged && isForLatecomers) return this.#hedge(false);
    if (!this.#hedged) return;
    // Those that were late before get as much time as others.
    const least = HEDGE_AFTER + GRACE - this.#elapsed;
    if (open.every((state) => hasEnough(state, QUORUM_ANSWERS))) this.#endIn(Math.max(GRACE, grace, least));
    else if (open.every(hasAnswers)) this.#endIn(Math.max(NAMED_PATIENCE, PATIENCE_FACTOR * usual));
  }

  /** Ends in so many milliseconds, unless it was to end before. */
  #endIn(milliseconds: number): void {
    const at = performance.now() + milliseconds;
    if (this.#last !== undefined && this.#last.at <= at) return;
    clearTimeout(this.#last?.timer);
    this.#last = { timer: setTimeout(this.#stop, milliseconds), at };
  }
}

const NOBODY: ReadonlySet<string> = new Set();
/** Why the open requests of a search end. Made once: an abort without a reason takes down where it was called. */
const ENOUGH = new Error('the search has what it needs');
