import { onAbort } from '../signals.js';
import { limited } from './time-limit.js';

/**
 * A dial that no request waits for is put off by no more than these milliseconds, however many searches there are: a step of a look-up has
 * two seconds.
 */
const MOST_PUT_OFF = 500;
/** It is calm again when nobody has waited for answers for so many milliseconds: between two searches of one person lies less. */
const CALM_AFTER = 1_000;
/** How often it is looked whether somebody still waits. */
const CALM_POLL = 250;
/** So many at once: libp2p has given each its place among those that are dialled (MAX_PARALLEL_DIALS), and the others are for requests. */
const MOST_WAITING = 12;
/**
 * A connection that was lost is opened again by libp2p itself, at once, and at both ends: two connections for one, and where many are
 * lost together the one that is needed comes behind all others. So each is left for a time of its own first, between these milliseconds.
 */
const LOST_FOR = { least: 250, most: 1000 };

interface Lost {
  /** Of `performance.now()`. */
  readonly until: number;
  isBack: boolean;
}

/**
 * Whose turn it is to be dialled. A connection costs both sides more than all the rest of a search: those that a request needs are
 * opened at once, and those that kad-dht and libp2p open of their own accord are put off while somebody waits for answers.
 */
export class DialTurns {
  readonly #signal: AbortSignal;
  /** Peers that a request needs, by how many. */
  readonly #wanted = new Map<string, number>();
  /** Peers whose connection was lost, until when they are left. */
  readonly #lost = new Map<string, Lost>();
  #hurried = 0;
  /** When somebody waited for answers the last time, of `performance.now()`. */
  #lastHurried = Number.NEGATIVE_INFINITY;
  readonly #waiting = new Set<() => void>();

  /** @param signal aborted when the network stops: then nobody waits any more */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    onAbort(signal, () => this.#wake());
  }

  /** A request needs the peer, until what is returned is called. */
  want(id: string): () => void {
    this.#wanted.set(id, (this.#wanted.get(id) ?? 0) + 1);
    this.#wake();
    return () => {
      const others = (this.#wanted.get(id) ?? 0) - 1;
      if (others > 0) this.#wanted.set(id, others);
      else this.#wanted.delete(id);
    };
  }

  /** Somebody waits for answers, until what is returned is called. */
  hurry(): () => void {
    this.#hurried++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#hurried--;
      this.#lastHurried = performance.now();
      this.#wake();
    };
  }

  /** Somebody elsewhere has been given an answer, and may ask for more. */
  answered(): void {
    this.#lastHurried = performance.now();
  }

  /** Resolves when nobody has waited for answers for a second, when so many milliseconds are over, or the signal or the network ends it. */
  async untilCalm(patience: number, signal?: AbortSignal): Promise<void> {
    const longest = performance.now() + patience;
    for (;;) {
      const now = performance.now();
      const until = this.#hurried > 0 ? longest : Math.min(longest, this.#lastHurried + CALM_AFTER);
      if (this.#signal.aborted || signal?.aborted === true || until <= now) return;
      await endOrTime([this.#signal, signal], Math.min(CALM_POLL, until - now));
    }
  }

  /** The last connection to the peer was closed. */
  lost(id: string): void {
    const now = performance.now();
    for (const [other, { until }] of this.#lost) if (until < now) this.#lost.delete(other);
    const { least, most } = LOST_FOR;
    this.#lost.set(id, { until: now + least + Math.random() * (most - least), isBack: false });
  }

  /** The peer is connected. */
  back(id: string): void {
    const lost = this.#lost.get(id);
    if (lost === undefined) return;
    lost.isBack = true;
    this.#lost.delete(id);
    this.#wake();
  }

  /** Waits until the peer may be dialled. False: it was lost and is back meanwhile, so there is nothing to dial. */
  async turnOf(id: string): Promise<boolean> {
    const lost = this.#lost.get(id);
    const longest = performance.now() + MOST_PUT_OFF;
    for (;;) {
      if (lost?.isBack === true && !this.#lost.has(id)) return false;
      if (this.#signal.aborted || this.#wanted.has(id) || this.#waiting.size >= MOST_WAITING) return true;
      const until = Math.max(lost?.until ?? 0, this.#hurried > 0 ? longest : 0);
      const left = until - performance.now();
      if (left <= 0) return true;
      await this.#change(left);
    }
  }

  /** Resolves when something has changed, at the latest after so many milliseconds. */
  #change(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds).unref();
      this.#waiting.add(end);
    });
  }

  #wake(): void {
    for (const end of [...this.#waiting]) end();
  }
}

/** Resolves when one of the signals is aborted, at the latest after so many milliseconds. */
async function endOrTime(signals: readonly (AbortSignal | undefined)[], milliseconds: number): Promise<void> {
  await limited(
    milliseconds,
    signals,
    (signal) => new Promise<void>((resolve) => void onAbort(signal, () => resolve())),
  );
}
