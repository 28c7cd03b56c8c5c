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
/** Nodes kept that one has named, to be forgotten with its word: as many as two answers name. */
const MOST_NAMED = 64;

interface Word {
  there: number;
  missing: number;
  /** Nodes that were asked and have not answered, and since when. */
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
  readonly #directory: Pick<Network['directory'], 'forget'>;
  readonly #words = createBoundedCache<Word>(REMEMBERED);

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
    const word = isOld ? { there: 0, missing: 0, open: new Map(), named: new Set<string>(), until: 0 } : known;
    word.until = performance.now() + REMEMBERED_FOR;
    for (const id of ids) if (word.named.size < MOST_NAMED) word.named.add(id);
    this.#words.set(namer, word);
  }

  /** One that these have named is asked. Gives what is to be told of it when it has answered or failed. */
  asked(namers: Iterable<string>, id: string): (fate: 'there' | 'missing') => void {
    const words = [...namers].flatMap((namer) => this.#words.get(namer) ?? []);
    for (const { open } of words) open.set(id, performance.now());
    return (fate) => {
      for (const word of words) {
        word.open.delete(id);
        word[fate]++;
        this.#forgetIfLiar(word);
      }
    };
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
