import { createBoundedCache } from '../../protocol/bounded-cache.js';
import type { Network } from '../network/index.js';

/** Nodes whose words are remembered; who has named nothing wrong for so long begins anew. */
const REMEMBERED = 1_000;
const REMEMBERED_FOR = 10 * 60 * 1000;
/** So many named nodes that are not there, and {@link MISSING_FACTOR} times as many as are, and a node is not listened to. */
const MOST_MISSING = 3;
/** Where half of a network has just died, honest nodes name as many that are gone as that are there. */
const MISSING_FACTOR = 2;
/** So many that take long: whoever names nodes that take a connection and say nothing must not do so in each search. */
const MOST_SLOW = 6;
/** Whoever is there has answered by then, also over the longest ways. */
const SLOW_AFTER = 2_000;
/**
 * Nodes that one has named and nobody here has met, the last ones: as many as two answers for six names. Whoever makes up nodes must not
 * fill the directory with them, to be asked by one search after the other.
 */
const MOST_NAMED = 128;
/** Named nodes of which it is known who has named them. */
const MOST_KNOWN = 20_000;

interface Word {
  there: number;
  missing: number;
  /** Nodes that were asked and have not answered, and since when. */
  readonly open: Map<string, number>;
  /** Each with whether it was counted: what is not there is asked by several searches, and is one lie. */
  readonly named: Map<string, boolean>;
  /** By `performance.now()`. */
  until: number;
}

/**
 * Whose answers are believed when they name nodes nearer to a key. Anybody can make ids that lie nearest to a key, and each costs a
 * search a dial and some patience; honest nodes name only whom they have met.
 */
export class Namers {
  readonly #directory: Pick<Network['directory'], 'forget'>;
  readonly #words = createBoundedCache<Word>(REMEMBERED);
  /** By whom a node was named. */
  readonly #namers = createBoundedCache<Set<string>>(MOST_KNOWN);

  constructor(directory: Pick<Network['directory'], 'forget'>) {
    this.#directory = directory;
  }

  isHeard(namer: string): boolean {
    const word = this.#words.get(namer);
    if (word === undefined || word.until < performance.now()) return true;
    if (isLiar(word)) return false;
    const slow = [...word.open.values()].filter((since) => performance.now() - since >= SLOW_AFTER);
    return slow.length < MOST_SLOW;
  }

  /** A peer has named nodes that nobody here has met. */
  named(namer: string, ids: readonly string[]): void {
    const known = this.#words.get(namer);
    const isOld = known === undefined || known.until < performance.now();
    const word: Word = isOld ? { there: 0, missing: 0, open: new Map(), named: new Map(), until: 0 } : known;
    word.until = performance.now() + REMEMBERED_FOR;
    for (const id of ids) {
      if (word.named.has(id)) continue;
      word.named.set(id, false);
      this.#namers.set(id, (this.#namers.get(id) ?? new Set()).add(namer));
      const oldest = word.named.size > MOST_NAMED ? word.named.keys().next().value : undefined;
      if (oldest === undefined) continue;
      word.named.delete(oldest);
      this.#directory.forget([oldest]);
    }
    this.#words.set(namer, word);
  }

  /** Whether somebody has named a node. */
  hasNamed(id: string): boolean {
    return this.#namers.get(id) !== undefined;
  }

  /** Whether a node may be there: not where all who have named it are listened to no longer. */
  isBelieved(id: string): boolean {
    const namers = this.#namers.get(id);
    return namers === undefined || [...namers].some((namer) => this.isHeard(namer));
  }

  /** A node that some have named is asked. Gives what is to be told of it when it has answered or failed. */
  asked(id: string): (fate: 'there' | 'missing') => void {
    const words = [...(this.#namers.get(id) ?? [])].flatMap((namer) => this.#words.get(namer) ?? []);
    for (const { open } of words) if (!open.has(id)) open.set(id, performance.now());
    return (fate) => {
      for (const word of words) {
        word.open.delete(id);
        if (word.named.get(id) === true) continue;
        if (word.named.has(id)) word.named.set(id, true);
        word[fate]++;
        this.#forgetIfLiar(word);
      }
    };
  }

  /** Those that it named are not looked at any more either. */
  #forgetIfLiar(word: Word): void {
    if (!isLiar(word) || word.named.size === 0) return;
    this.#directory.forget(word.named.keys());
    word.named.clear();
  }
}

function isLiar({ there, missing }: Word): boolean {
  return missing >= MOST_MISSING && missing > MISSING_FACTOR * there;
}
