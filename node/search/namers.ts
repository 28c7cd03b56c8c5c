import { createBoundedCache } from '../../protocol/bounded-cache.js';
import type { Network } from '../network/index.js';

/** Nodes whose words are remembered; who has named nothing wrong for so long begins anew. */
const REMEMBERED = 1_000;
const REMEMBERED_FOR = 10 * 60 * 1000;
/** So many named nodes that are not there, and {@link MISSING_FACTOR} times as many as are, and a node is not listened to. */
const MOST_MISSING = 3;
/** Where half of a network has just died, honest nodes name as many that are gone as that are there. */
const MISSING_FACTOR = 2;
/** So many whose fate is open: whoever names nodes that take a connection and say nothing must not do so in each search. */
const MOST_OPEN = 6;
/** By then a dial has ended; who has not shown itself is not there. */
const JUDGED_AFTER = 10_000;
/** Nodes kept that one has named, to be forgotten with its word: as many as two answers name. */
const MOST_NAMED = 64;

interface Word {
  there: number;
  missing: number;
  /** Nodes that were asked in vain so far, and when. */
  readonly open: Map<string, number>;
  readonly named: Set<string>;
  /** By `performance.now()`. */
  until: number;
}

/**
 * Whose answers are believed when they name nodes nearer to a key. Anybody can make ids that lie nearest to a key, and each costs a
 * search a dial and some patience; honest nodes name only whom they have met.
 */
export class Namers {
  readonly #directory: Pick<Network['directory'], 'get' | 'forget'>;
  readonly #words = createBoundedCache<Word>(REMEMBERED);

  constructor(directory: Pick<Network['directory'], 'get' | 'forget'>) {
    this.#directory = directory;
  }

  isHeard(namer: string): boolean {
    const word = this.#words.get(namer);
    if (word === undefined || word.until < performance.now()) return true;
    this.#judge(word);
    return !isLiar(word) && word.open.size < MOST_OPEN;
  }

  /** A peer has named nodes that nobody here has met. */
  named(namer: string, ids: readonly string[]): void {
    const known = this.#words.get(namer);
    const isOld = known === undefined || known.until < performance.now();
    const word = isOld ? { there: 0, missing: 0, open: new Map(), named: new Set<string>(), until: 0 } : known;
    word.until = performance.now() + REMEMBERED_FOR;
    for (const id of ids) if (word.named.size < MOST_NAMED) word.named.add(id);
    this.#words.set(namer, word);
  }

  /** What became of one that was asked. `open`: it has not answered, and may be late. */
  found(namer: string, id: string, fate: 'there' | 'missing' | 'open'): void {
    const word = this.#words.get(namer);
    if (word === undefined) return;
    if (fate === 'open') word.open.set(id, performance.now());
    else word[fate]++;
    this.#forgetIfLiar(word);
  }

  #judge(word: Word): void {
    for (const [id, since] of word.open) {
      const isThere = (this.#directory.get(id)?.lastSeen ?? 0) > 0;
      if (!isThere && performance.now() - since < JUDGED_AFTER) continue;
      word.open.delete(id);
      word[isThere ? 'there' : 'missing']++;
    }
    this.#forgetIfLiar(word);
  }

  /** Those that it named are not looked at any more either. */
  #forgetIfLiar(word: Word): void {
    if (!isLiar(word) || word.named.size === 0) return;
    this.#directory.forget(word.named);
    word.named.clear();
  }
}

function isLiar({ there, missing }: Word): boolean {
  return missing >= MOST_MISSING && missing > MISSING_FACTOR * there;
}
