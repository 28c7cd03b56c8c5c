import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { MAX_CLOSER } from '../index/wire.js';
import type { Network } from '../network/index.js';

/** Nodes whose words are remembered. */
const REMEMBERED = 1_000;
/** So many milliseconds after it first named somebody a node begins anew, however busy it is; a liar, after it was found out. */
const REMEMBERED_FOR = 10 * 60 * 1000;
/**
 * So many named nodes that are not there, and {@link MISSING_FACTOR} times as many as are, and a node is not listened to. Where half of a
 * network has just died, honest nodes name as many that are gone as that are there, and the gone ones may come first.
 */
const MOST_MISSING = 6;
const MISSING_FACTOR = 2;
/** So many that take long: whoever names nodes that take a connection and say nothing must not do so in each search. */
const MOST_SLOW = 6;
/** Whoever is there has answered by then, also over the longest ways. */
const SLOW_AFTER = 2_000;
/**
 * Nodes that one has named and nobody here has met, the last ones: as many as two answers may name. Whoever makes up nodes must not
 * fill the directory with them, to be asked by one search after the other.
 */
const MOST_NAMED = 2 * MAX_CLOSER;
/** Who was not there is not taken for there by anybody's word for so many milliseconds. */
const ABSENT_FOR = 60_000;
/** Where nobody has answered since so many milliseconds before somebody was asked, it is this node that is cut off. */
const CUT_OFF_AFTER = 1_000;
/** Named nodes of which it is known who has named them. */
const MOST_KNOWN = 20_000;

type Fate = 'there' | 'missing';

interface Word {
  there: number;
  missing: number;
  /** Nodes that were asked and have not answered, and since when. */
  readonly open: Map<string, number>;
  /** Nodes that it named and nobody here has met, also before it began anew. */
  readonly named: Set<string>;
  /** By `performance.now()`. */
  until: number;
}

/**
 * Whose answers are believed when they name nodes nearer to a key. Anybody can make ids that lie nearest to a key, and each costs a
 * search a dial and some patience; honest nodes name only whom they have met.
 */
export class Namers {
  readonly #directory: Pick<Network['directory'], 'forget' | 'get'>;
  readonly #words = createBoundedCache<Word>(REMEMBERED);
  /** By whom a node was named, each with how it was counted: what is not there is asked by several searches, and is one lie. */
  readonly #namers = createBoundedCache<Map<Word, Fate | undefined>>(MOST_KNOWN);
  /** When a named node was found not to be there, by `performance.now()`. */
  readonly #absent = createBoundedCache<number>(MOST_KNOWN);
  /** When a node has answered the last time, by `performance.now()`. */
  #answered = Number.NEGATIVE_INFINITY;

  constructor(directory: Pick<Network['directory'], 'forget' | 'get'>) {
    this.#directory = directory;
  }

  isHeard(namer: string): boolean {
    const word = this.#words.get(namer);
    const now = performance.now();
    if (word === undefined || word.until < now) return true;
    if (isLiar(word)) return false;
    return [...word.open.values()].filter((since) => now - since >= SLOW_AFTER).length < MOST_SLOW;
  }

  /** A peer has answered, and named these nodes that nobody here has met. */
  named(namer: string, ids: readonly string[]): void {
    this.#answered = performance.now();
    if (ids.length === 0) return;
    const known = this.#words.get(namer);
    const word = known === undefined || known.until < performance.now() ? newWord(known?.named) : known;
    for (const id of ids) {
      const namers = this.#namersOf(id) ?? new Map<Word, Fate | undefined>();
      if (!namers.has(word)) this.#namers.set(id, namers.set(word, undefined));
      word.named.add(id);
      const oldest = word.named.size > MOST_NAMED ? word.named.values().next().value : undefined;
      if (oldest === undefined) continue;
      word.named.delete(oldest);
      this.#forget([oldest]);
    }
    this.#words.set(namer, word);
  }

  /** Whether somebody has named a node, not too long ago. */
  hasNamed(id: string): boolean {
    return (this.#namersOf(id)?.size ?? 0) > 0;
  }

  /** Whether a named node was asked not long ago and was not there. */
  isAbsent(id: string): boolean {
    return performance.now() - (this.#absent.get(id) ?? Number.NEGATIVE_INFINITY) < ABSENT_FOR;
  }

  /** Whether a node may be there: not where all who have named it are listened to no longer. */
  isBelieved(id: string): boolean {
    const namers = this.#namersOf(id);
    if (namers === undefined || namers.size === 0) return true;
    for (const word of namers.keys()) if (!isLiar(word)) return true;
    return false;
  }

  /** A node that some have named is asked. Gives what is to be told of it when it has answered or failed. */
  asked(id: string): (fate: Fate) => void {
    const namers = this.#namersOf(id) ?? new Map<Word, Fate | undefined>();
    const begun = performance.now();
    for (const { open } of namers.keys()) if (!open.has(id)) open.set(id, begun);
    return (fate) => {
      for (const { open } of namers.keys()) open.delete(id);
      if (fate === 'there') this.#answered = performance.now();
      else if (this.#answered < begun - CUT_OFF_AFTER) return;
      this.#absent.set(id, fate === 'missing' ? performance.now() : Number.NEGATIVE_INFINITY);
      for (const [word, before] of namers) {
        // Counted once. Whoever was there at any time was not made up: not when it has left since, nor when it was away before.
        if (before === fate || before === 'there') continue;
        namers.set(word, fate);
        if (before !== undefined) word[before]--;
        word[fate]++;
        this.#judge(word);
      }
    };
  }

  /** Of a liar those that it named are not looked at any more either. */
  #judge(word: Word): void {
    if (!isLiar(word)) return;
    // Of those that it named some were met since, as neighbours or by a look-up: they are there.
    for (const id of word.named) {
      const namers = this.#namers.get(id);
      if (namers === undefined || namers.get(word) !== undefined || (this.#directory.get(id)?.lastSeen ?? 0) === 0)
        continue;
      namers.set(word, 'there');
      word.there++;
    }
    if (!isLiar(word)) return;
    word.until = performance.now() + REMEMBERED_FOR;
    this.#forget(word.named);
    word.named.clear();
  }

  /** What others have named as well, who are listened to, stays. */
  #forget(ids: Iterable<string>): void {
    this.#directory.forget([...ids].filter((id) => !this.#isNamedElsewhere(id)));
  }

  #isNamedElsewhere(id: string): boolean {
    for (const word of this.#namersOf(id)?.keys() ?? []) if (word.named.has(id) && !isLiar(word)) return true;
    return false;
  }

  /** Without words that are too old. */
  #namersOf(id: string): Map<Word, Fate | undefined> | undefined {
    const namers = this.#namers.get(id);
    const now = performance.now();
    for (const word of namers?.keys() ?? []) if (word.until < now) namers?.delete(word);
    return namers;
  }
}

function newWord(named = new Set<string>()): Word {
  return { there: 0, missing: 0, open: new Map(), named, until: performance.now() + REMEMBERED_FOR };
}

function isLiar({ there, missing }: Word): boolean {
  return missing >= MOST_MISSING && missing > MISSING_FACTOR * there;
}
