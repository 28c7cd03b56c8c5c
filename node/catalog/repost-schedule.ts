import { COPIES } from '../../protocol/search/posting-keys.js';
import type { Row } from './rows.js';

const minute = 60 * 1000;
/** Cards that lack their quorum are brought out again this often … */
const REPOST_MISSING = minute;
/** … and all of them this often: nodes came and went. */
export const REPOST_ALL = 60 * minute;
/** New nodes come in groups: cards with too few copies are brought out this long after the first one … */
const PEER_DELAY = 1_000;
/** … and, where nodes come and go all the time, no more often than this. */
const PEER_INTERVAL = 10_000;

interface RepostScheduleDeps {
  /** Brings those out again that are due, some time soon; ends when that is over, one way or the other. */
  readonly repost: (due: (row: Row) => boolean) => Promise<unknown>;
  /** Calls the listener when nodes were met; gives back the end of it. */
  readonly onPeer: ((listener: () => void) => () => void) | undefined;
  readonly now: () => number;
}

/** When own cards are brought out again. */
export class RepostSchedule {
  readonly #deps: RepostScheduleDeps;
  #timers: NodeJS.Timeout[] = [];
  #peers: NodeJS.Timeout | undefined;
  #peersDone = Number.NEGATIVE_INFINITY;
  #off: () => void = () => undefined;

  constructor(deps: RepostScheduleDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { now, onPeer } = this.#deps;
    this.#timers = [
      this.#every(REPOST_MISSING, (row) => !row.quorum && row.validUntil > now()),
      this.#every(REPOST_ALL, () => true),
    ];
    this.#off = onPeer?.(() => this.#peersCame()) ?? this.#off;
  }

  stop(): void {
    this.#off();
    this.#off = () => undefined;
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    clearTimeout(this.#peers);
    this.#peers = undefined;
  }

  /** Where one time takes longer than the interval, the next is left out. */
  #every(interval: number, due: (row: Row) => boolean): NodeJS.Timeout {
    let waiting = false;
    return setInterval(() => {
      if (waiting) return;
      waiting = true;
      void this.#deps.repost(due).finally(() => (waiting = false));
    }, interval).unref();
  }

  /** What was published while nobody was there, or too few, goes out as soon as there are others. */
  #peersCame(): void {
    if (this.#peers !== undefined) return;
    const { repost, now } = this.#deps;
    const wait = Math.max(PEER_DELAY, this.#peersDone + PEER_INTERVAL - performance.now());
    this.#peers = setTimeout(() => {
      void repost((row) => row.replicas < COPIES || row.validUntil <= now()).finally(() => {
        this.#peers = undefined;
        this.#peersDone = performance.now();
      });
    }, wait).unref();
  }
}
