import type { Match } from './all-words.js';
import { Scorer, type Statistics } from './bm25f.js';
import {
  CardTable,
  COUNT_MASK,
  FIELD_COUNT,
  FIELDS_MASK,
  FIELDS_SHIFT,
  POSTED,
  ROW_HEAD,
  TERM_SHIFT,
} from './card-table.js';
import { FacetCounter, type FacetCounts } from './facets.js';
import { matcher, type Filterable, type Filters } from './filters.js';
import { standsUnder, termOfKey } from './partition.js';
import { readShardKey } from './posting-keys.js';
import { termsOfQuery, type Query } from './query.js';
import { inOrder, select } from './selection.js';
import { comparatorOf, currenciesByUse, type SortOrder, type Sortable } from './sort.js';

/** What an index looks at of a card; its payload has it. */
export interface Indexable extends Filterable {
  /** Milliseconds since 1970 UTC, for the order `newest`. */
  readonly created?: number;
}

export interface Evaluate<C> {
  readonly query: Query;
  readonly filters?: Filters | undefined;
  /** Only cards held under one of these names are looked at. */
  readonly keys: readonly string[];
  /** At most so many hits. */
  readonly limit: number;
  /** Scored with these; default: those of all cards held. */
  readonly statistics?: Statistics | undefined;
  /** All keys of the question that these names are part of, in its order; default: those of the names, in theirs. */
  readonly question?: readonly string[] | undefined;
  /** Which cards answer the query. Default: those with any of its words. */
  readonly match?: Match | undefined;
  /** Default: by relevance. */
  readonly sort?: SortOrder | undefined;
  /** At most so many hits of one seller while there are others. Default 0: no cap. */
  readonly perSeller?: number | undefined;
  /** Count what the matching cards are. Default: no. */
  readonly facets?: boolean | undefined;
  /** Cards for which this is false are neither found nor counted. */
  readonly only?: ((card: C) => boolean) | undefined;
  /** Asked of each card that is to be a hit, in order and as late as possible: false leaves it out. */
  readonly confirm?: ((card: C, id: string) => boolean) | undefined;
}

export interface Evaluation {
  /** In the order asked for, equal ones by id. */
  readonly hits: readonly { readonly id: string; readonly score: number }[];
  /** True if more cards matched than the limit lets through. */
  readonly truncated: boolean;
  /** How many cards matched query and filters. */
  readonly matched: number;
  readonly counts: Counts;
  /** For each of the names asked what counts there: each card only under the first key of the question that it stands under. */
  readonly parts: readonly Part[];
}

export interface Part {
  readonly matched: number;
  /** Undefined unless facets are asked for. */
  readonly facets?: FacetCounts | undefined;
}

/** What one index node knows, for the reader to estimate how rare each term is. */
export interface Counts {
  /** Cards held in all. */
  readonly documents: number;
  /** Of them, with the term, for each term of the query (words, wholes, excluded). */
  readonly df: Readonly<Record<string, number>>;
  /** Cards held under each of the names asked, in their order. */
  readonly held: readonly number[];
}

/** The cards that an index node holds, and how well each answers a query. */
export class LocalIndex<C extends Indexable> extends CardTable<C> {
  /** Where the query's terms stand in its scorer, plus one, by term number; all 0 between evaluations. */
  private places = new Uint16Array(0);
  private readonly lengths = new Uint8Array(FIELD_COUNT);

  /** Answers the whole query and all filters, but only from cards held under one of the names. */
  evaluate(asked: Evaluate<C>): Evaluation {
    const { query, limit, sort = 'relevance', perSeller = 0, confirm } = asked;
    const scorer = new Scorer(query, asked.statistics ?? this.statistics(query));
    const { numbers, scores, parts } = this.scan(asked, scorer);
    const idAt = (at: number): string => this.idOf[numbers[at] ?? 0] ?? '';
    const cardAt = (at: number): C | undefined => this.cards[numbers[at] ?? 0];
    const order = inOrder(numbers.length, this.comparator(sort, numbers, scores));
    let refused = 0;
    const isHit = (at: number): boolean => {
      const card = cardAt(at);
      if (card !== undefined && confirm?.(card, idAt(at)) !== false) return true;
      refused++;
      return false;
    };
    const chosen = select(order, limit, (at) => sellerOf(cardAt(at)), perSeller, isHit);
    return {
      hits: chosen.map((at) => ({ id: idAt(at), score: scores[at] ?? 0 })),
      truncated: numbers.length - refused > chosen.length,
      matched: numbers.length,
      counts: {
        documents: this.size,
        df: Object.fromEntries(scorer.terms.map((term) => [term, this.documentFrequency(term)])),
        held: asked.keys.map((key) => this.held(key)),
      },
      parts,
    };
  }

  /** Finds what matches, and counts it where it belongs. */
  private scan({ query, match = 'any', filters, keys, question, facets, only }: Evaluate<C>, scorer: Scorer): Found {
    const passes = filters === undefined ? undefined : matcher(filters);
    const browsing = query.words.length === 0;
    const any = new Tally(keys.length, facets === true);
    const all = match === 'any' || browsing ? any : new Tally(keys.length, facets === true);
    const bases = keys.map((key) => readShardKey(key).key);
    const order = [...new Set([...(question ?? []), ...bases])];
    const seen = keys.length > 1 ? new Uint8Array(this.cards.length) : undefined;
    const wanted = this.markTerms(scorer.terms);
    // In the order of the question: a card that is met again under another name has been counted where it belongs.
    const inTurn = bases.map((base, at) => ({ at, place: order.indexOf(base) })).sort((a, b) => a.place - b.place);
    for (const { at, place } of inTurn) {
      const list = this.keys.find(keys[at] ?? '');
      if (list === undefined) continue;
      const isElsewhere = this.elsewhere(order.slice(0, place));
      for (const number of this.lists.numbers(list)) {
        if (seen?.[number] === 1) continue;
        if (seen !== undefined) seen[number] = 1;
        const card = this.cards[number];
        if (card === undefined || only?.(card) === false) continue;
        const score = browsing ? 0 : this.score(scorer, number);
        if ((!browsing && score === 0) || passes?.(card) === false) continue;
        // The scorer still has the card.
        const tallies = all === any ? [any] : scorer.hasAllWords() ? [all, any] : match === 'all' ? [] : [any];
        if (tallies.length === 0) continue;
        const counts = isElsewhere?.(number, card) !== true;
        for (const tally of tallies) tally.add(number, score, counts ? { at, card } : undefined);
      }
    }
    for (const term of wanted) this.places[term] = 0;
    return (match === 'all-else-any' && all.numbers.length === 0 ? any : all).found();
  }

  /** Whether a card counts under one of these keys, wherever they are held. */
  private elsewhere(before: readonly string[]): ((number: number, card: C) => boolean) | undefined {
    if (before.length === 0) return undefined;
    const terms = new Set<number>();
    const tests: ReturnType<typeof standsUnder>[] = [];
    for (const key of before) {
      const term = termOfKey(key);
      if (term === undefined) tests.push(standsUnder(key));
      else terms.add(this.terms.find(term) ?? -1);
    }
    return (number, card) => {
      const id = this.idOf[number] ?? '';
      for (const test of tests) if (test(card, id)) return true;
      for (const packed of this.termNumbers(number))
        if ((packed & POSTED) !== 0 && terms.has(packed >>> TERM_SHIFT)) return true;
      return false;
    };
  }

  private comparator(
    sort: SortOrder,
    numbers: readonly number[],
    scores: readonly number[],
  ): (a: number, b: number) => number {
    const idAt = (at: number): string => this.idOf[numbers[at] ?? 0] ?? '';
    if (sort === 'relevance') {
      return (a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || (idAt(a) < idAt(b) ? -1 : idAt(a) > idAt(b) ? 1 : 0);
    }
    const sortable = numbers.map((number, at): Sortable => {
      const card = this.cards[number];
      return { id: idAt(at), score: scores[at] ?? 0, created: card?.created ?? 0, price: card?.summary.price ?? null };
    });
    const compare = comparatorOf(sort, sort === 'price' ? currenciesByUse(sortable) : []);
    return (a, b) => {
      const [first, second] = [sortable[a], sortable[b]];
      return first === undefined || second === undefined ? 0 : compare(first, second);
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

  private score(scorer: Scorer, number: number): number {
    const { numbers } = this.pool;
    const start = this.start(number);
    const end = start + ROW_HEAD + ((numbers[start] ?? 0) >>> 16);
    let any = false;
    for (let at = start + ROW_HEAD; at < end; at++) {
      const packed = numbers[at] ?? 0;
      const place = this.places[packed >>> TERM_SHIFT] ?? 0;
      if (place === 0) continue;
      if (!any) {
        scorer.clear();
        this.readLengths(start);
      }
      any = true;
      scorer.set(place - 1, (packed >>> FIELDS_SHIFT) & FIELDS_MASK, packed & COUNT_MASK, this.lengths);
    }
    return any ? scorer.score() : 0;
  }

  private readLengths(start: number): void {
    const { numbers } = this.pool;
    const first = numbers[start + 1] ?? 0;
    for (let field = 0; field < 4; field++) this.lengths[field] = first >>> (8 * field);
    this.lengths[4] = numbers[start + 2] ?? 0;
  }

  private statistics(query: Query): Statistics {
    return {
      documents: this.size,
      df: new Map(termsOfQuery(query).map((term) => [term, this.documentFrequency(term)])),
    };
  }
}

interface Found {
  readonly numbers: readonly number[];
  readonly scores: readonly number[];
  readonly parts: readonly Part[];
}

/** What was found, and what of it counts under each name. */
class Tally {
  readonly numbers: number[] = [];
  private readonly scores: number[] = [];
  private readonly parts: { matched: number; readonly facets: FacetCounter | undefined }[];

  constructor(names: number, facets: boolean) {
    this.parts = Array.from({ length: names }, () => ({ matched: 0, facets: facets ? new FacetCounter() : undefined }));
  }

  /** @param counted the place of the name under which it counts; undefined where it counts elsewhere */
  add(number: number, score: number, counted: { readonly at: number; readonly card: Indexable } | undefined): void {
    this.numbers.push(number);
    this.scores.push(score);
    const part = counted && this.parts[counted.at];
    if (part === undefined || counted === undefined) return;
    part.matched++;
    part.facets?.add(counted.card.summary);
  }

  found(): Found {
    const { numbers, scores, parts } = this;
    return { numbers, scores, parts: parts.map(({ matched, facets }) => ({ matched, facets: facets?.counts() })) };
  }
}

function sellerOf(card: Indexable | undefined): string {
  return card === undefined ? '' : String.fromCharCode(...card.trader);
}

/** Best first; equal scores by id, so that every node and reader has one order. */
export function byScore(
  a: { readonly id: string; readonly score: number },
  b: { readonly id: string; readonly score: number },
): number {
  return b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
