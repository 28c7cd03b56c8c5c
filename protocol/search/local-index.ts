import { fieldLengths, Scorer, type Statistics } from './bm25f.js';
import { matcher, type Filterable, type Filters } from './filters.js';
import { termsOf, type CardIndex } from './index-terms.js';
import { Interner, Postings } from './postings.js';
import { termsOfQuery, type Query } from './query.js';

export interface Evaluate {
  readonly query: Query;
  readonly filters?: Filters | undefined;
  /** Only cards held under one of these are looked at. */
  readonly keys: readonly string[];
  /** At most so many hits. */
  readonly limit: number;
  /** Scored with these; default: those of all cards held. */
  readonly statistics?: Statistics | undefined;
}

export interface Evaluation {
  /** Best first, equal scores by id. */
  readonly hits: readonly { readonly id: string; readonly score: number }[];
  /** True if more cards matched than the limit lets through. */
  readonly truncated: boolean;
  /** How many cards matched query and filters. */
  readonly matched: number;
  readonly counts: Counts;
}

/** What one index node knows, for the reader to estimate how rare each term is. */
export interface Counts {
  /** Cards held in all. */
  readonly documents: number;
  /** Of them, with the term, for each term of the query (words, wholes, excluded). */
  readonly df: Readonly<Record<string, number>>;
  /** Cards held under each of the keys asked, in their order. */
  readonly held: readonly number[];
}

/** Term, fields and count share 32 bits: 23, 5 and 4. */
const TERM_SHIFT = 9;
const FIELDS_SHIFT = 4;
const FIELDS_MASK = 0x1f;
const COUNT_MASK = 0xf;

interface Held<C> {
  readonly id: string;
  readonly card: C;
  readonly terms: Uint32Array;
  readonly lengths: Uint8Array;
  readonly keys: Uint32Array;
}

/**
 * The cards that an index node holds, in memory: which it holds under which key, and how well each answers a query. A
 * card is held once, however many keys it stands under.
 */
export class LocalIndex<C extends Filterable> {
  private readonly cards: (Held<C> | undefined)[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly freeNumbers: number[] = [];
  private readonly terms = new Interner();
  private readonly df: number[] = [];
  private readonly keys = new Interner();
  private readonly lists: Postings[] = [];
  /** Where the query's terms stand in its scorer, plus one, by term number; all 0 between evaluations. */
  private places = new Uint16Array(0);

  get size(): number {
    return this.numbers.size;
  }

  get(id: string): C | undefined {
    return this.at(id)?.card;
  }

  has(id: string): boolean {
    return this.numbers.has(id);
  }

  ids(): IterableIterator<string> {
    return this.numbers.keys();
  }

  /** The keys that a card is held under. */
  keysOf(id: string): string[] {
    return Array.from(this.at(id)?.keys ?? [], (key) => this.keys.text(key));
  }

  /** How many cards are held under a key. */
  held(key: string): number {
    const list = this.keys.find(key);
    return list === undefined ? 0 : (this.lists[list]?.size ?? 0);
  }

  /** How many of the cards held have a term. */
  documentFrequency(term: string): number {
    const found = this.terms.find(term);
    return found === undefined ? 0 : (this.df[found] ?? 0);
  }

  /**
   * Holds a card under exactly these keys, in place of what was held under its id. Its index is taken apart into
   * numbers; `card` is what filters see and `get` gives back, and need not have it.
   */
  put(id: string, card: C, index: CardIndex, keys: Iterable<string>): void {
    this.remove(id);
    const number = this.freeNumbers.pop() ?? this.cards.length;
    const entries = termsOf(index);
    const terms = Uint32Array.from(entries, ([term, { fields, count }]) => {
      const interned = this.terms.intern(term);
      this.df[interned] = (this.df[interned] ?? 0) + 1;
      return ((interned << TERM_SHIFT) | (fields << FIELDS_SHIFT) | count) >>> 0;
    });
    const interned = Uint32Array.from(new Set(keys), (key) => this.keys.intern(key));
    for (const key of interned) (this.lists[key] ??= new Postings()).add(number);
    this.cards[number] = { id, card, terms, lengths: fieldLengths(entries.values()), keys: interned };
    this.numbers.set(id, number);
  }

  /** @returns false if no such card was held */
  remove(id: string): boolean {
    const number = this.numbers.get(id);
    const held = number === undefined ? undefined : this.cards[number];
    if (number === undefined || held === undefined) return false;
    for (const packed of held.terms) {
      const term = packed >>> TERM_SHIFT;
      const left = (this.df[term] ?? 1) - 1;
      this.df[term] = left;
      if (left === 0) this.terms.free(term);
    }
    for (const key of held.keys) {
      const list = this.lists[key];
      list?.delete(number);
      if (list?.size === 0) this.keys.free(key);
    }
    this.cards[number] = undefined;
    this.numbers.delete(id);
    this.freeNumbers.push(number);
    return true;
  }

  /** Answers the whole query and all filters, but only from cards held under one of the keys. */
  evaluate({ query, filters, keys, limit, statistics }: Evaluate): Evaluation {
    const scorer = new Scorer(query, statistics ?? this.statistics(query));
    const passes = filters === undefined ? undefined : matcher(filters);
    const browsing = query.words.length === 0;
    const found: { id: string; score: number }[] = [];
    const wanted = this.markTerms(scorer.terms);
    for (const number of this.under(keys)) {
      const held = this.cards[number];
      if (held === undefined) continue;
      const score = browsing ? 0 : this.score(scorer, held);
      if ((browsing || score > 0) && passes?.(held.card) !== false) found.push({ id: held.id, score });
    }
    for (const term of wanted) this.places[term] = 0;
    found.sort(byScore);
    return {
      hits: found.slice(0, limit),
      truncated: found.length > limit,
      matched: found.length,
      counts: {
        documents: this.size,
        df: Object.fromEntries(scorer.terms.map((term) => [term, this.documentFrequency(term)])),
        held: keys.map((key) => this.held(key)),
      },
    };
  }

  /** Notes in `places` where the scorer wants each term. @returns the numbers noted */
  private markTerms(terms: readonly string[]): number[] {
    if (this.places.length < this.terms.capacity) this.places = new Uint16Array(2 * this.terms.capacity);
    return terms.flatMap((term, place) => {
      const number = this.terms.find(term);
      if (number === undefined) return [];
      this.places[number] = place + 1;
      return [number];
    });
  }

  private score(scorer: Scorer, { terms, lengths }: Held<C>): number {
    let any = false;
    for (const packed of terms) {
      const place = this.places[packed >>> TERM_SHIFT] ?? 0;
      if (place === 0) continue;
      if (!any) scorer.clear();
      any = true;
      scorer.set(place - 1, (packed >>> FIELDS_SHIFT) & FIELDS_MASK, packed & COUNT_MASK, lengths);
    }
    return any ? scorer.score() : 0;
  }

  private at(id: string): Held<C> | undefined {
    const number = this.numbers.get(id);
    return number === undefined ? undefined : this.cards[number];
  }

  private statistics(query: Query): Statistics {
    return {
      documents: this.size,
      df: new Map(termsOfQuery(query).map((term) => [term, this.documentFrequency(term)])),
    };
  }

  /** Card numbers under any of the keys, each once. */
  private under(keys: readonly string[]): Iterable<number> {
    const lists = [...new Set(keys)].flatMap((key) => this.lists[this.keys.find(key) ?? -1] ?? []);
    const [first] = lists;
    if (lists.length <= 1) return first?.numbers() ?? [];
    const all = new Set<number>();
    for (const list of lists) for (const number of list.numbers()) all.add(number);
    return all;
  }
}

/** Best first; equal scores by id, so that every node and reader has one order. */
export function byScore(
  a: { readonly id: string; readonly score: number },
  b: { readonly id: string; readonly score: number },
): number {
  return b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
