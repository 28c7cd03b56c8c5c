import { Scorer, weightOf, type Contribution, type Statistics, type WeightOf } from './bm25f.js';
import type { CardIndex } from './index-terms.js';
import { byScore, type Counts } from './local-index.js';
import { median } from './median.js';
import { termsOfQuery, type Query } from './query.js';

/** A card that an answer carries, its signature checked by the reader. */
export interface Found {
  /** The listing's id: the same over its versions. */
  readonly id: string;
  readonly seq: number;
  /** The device that signed, in text: of equal `seq` the greater device wins (DESIGN section 3). */
  readonly device: string;
  /** The card's record id, in text: settles which of two that one device signed for one `seq` is shown. */
  readonly record: string;
  readonly index: CardIndex;
}

/** What one node said about one or more keys. */
export interface Answer<F extends Found> {
  /** The node, so that its counts weigh once however many keys it was asked for. */
  readonly node: string;
  /** The keys that it was asked for, in the order of `counts.held`. */
  readonly keys: readonly { readonly key: string; readonly shard?: string | undefined }[];
  readonly cards: readonly F[];
  readonly counts: Counts;
}

export interface Hit<F extends Found> {
  readonly id: string;
  readonly score: number;
  readonly card: F;
}

/** Every listing once, in its newest version, whatever the order of the answers. */
export function newest<F extends Found>(answers: readonly { readonly cards: readonly F[] }[]): F[] {
  const best = new Map<string, F>();
  for (const { cards } of answers) {
    for (const card of cards) {
      const other = best.get(card.id);
      if (other === undefined || isNewer(card, other)) best.set(card.id, card);
    }
  }
  return [...best.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function isNewer(a: Found, b: Found): boolean {
  if (a.seq !== b.seq) return a.seq > b.seq;
  if (a.device !== b.device) return a.device > b.device;
  return a.record > b.record;
}

/**
 * How rare each term of a query is, by what the nodes say. The list under a term's own key is complete where it is
 * held, so its length (median of a shard's copies, summed over shards) is one estimate; the share of a node's cards
 * that have the term (median of the nodes), times how many cards there are, is the other. The greater counts, since
 * lists are short more often than long: alone they lost .011 to .016 nDCG in a prototype. How many cards there are is
 * hardly known and hardly matters (40 times wrong changed nothing there). Medians, so that no single node can make a
 * word common or rare.
 * @param keyOf the key under which the cards of a term are held
 */
export function mergeStatistics(
  query: Query,
  answers: readonly Answer<Found>[],
  keyOf: (term: string) => string,
): Statistics {
  const lists = listLengths(answers);
  const held = byNode(answers).filter((counts) => counts.documents > 0);
  const documents = Math.max(1, median(held.map((counts) => counts.documents)), ...lists.values());
  const df = new Map<string, number>();
  for (const term of termsOfQuery(query)) {
    const share = median(held.map((counts) => dfIn(counts, term) / counts.documents));
    df.set(term, Math.min(documents, Math.max(lists.get(keyOf(term)) ?? 0, Math.round(share * documents))));
  }
  return { documents, df };
}

/** One count a node. A node that answered twice may have taken or lost cards in between: the larger numbers hold. */
function byNode(answers: readonly Answer<Found>[]): Counts[] {
  const nodes = new Map<string, Counts>();
  for (const { node, counts } of answers) {
    const other = nodes.get(node) ?? counts;
    const df = Object.fromEntries(
      Object.keys({ ...other.df, ...counts.df }).map((term) => [term, Math.max(dfIn(other, term), dfIn(counts, term))]),
    );
    nodes.set(node, { documents: Math.max(other.documents, counts.documents), df, held: [] });
  }
  return [...nodes.values()];
}

function dfIn({ df }: Counts, term: string): number {
  return Object.hasOwn(df, term) ? (df[term] ?? 0) : 0;
}

/** Cards under each key: the median of what a shard's copies say, summed over its shards. */
function listLengths(answers: readonly Answer<Found>[]): Map<string, number> {
  const said = new Map<string, Map<string, Map<string, number>>>();
  for (const { node, keys, counts } of answers) {
    keys.forEach(({ key, shard = '' }, place) => {
      const shards = said.get(key) ?? new Map<string, Map<string, number>>();
      const copies = shards.get(shard) ?? new Map<string, number>();
      copies.set(node, Math.max(copies.get(node) ?? 0, counts.held[place] ?? 0));
      said.set(key, shards.set(shard, copies));
    });
  }
  return new Map(
    [...said].map(([key, shards]) => [
      key,
      [...shards.values()].reduce((sum, copies) => sum + median([...copies.values()]), 0),
    ]),
  );
}

/**
 * Ranks cards by one set of statistics: best first, equal scores by id. Cards that no word matches are left out, except
 * in browsing.
 */
export function rank<F extends Found>(
  query: Query,
  cards: readonly F[],
  statistics: Statistics,
  weigh: WeightOf = weightOf,
): Hit<F>[] {
  const scorer = new Scorer(query, statistics, weigh);
  const browsing = query.words.length === 0;
  return cards
    .map((card) => {
      if (browsing) return { id: card.id, score: 0, card };
      scorer.load(card.index);
      return { id: card.id, score: scorer.score(), card };
    })
    .filter(({ score }) => browsing || score > 0)
    .sort(byScore);
}

/** Why a card has its score. */
export function explain(query: Query, index: CardIndex, statistics: Statistics): Contribution[] {
  const scorer = new Scorer(query, statistics);
  scorer.load(index);
  return scorer.explain();
}

/** Everything a reader does with the answers, once their cards are verified. */
export function merge<F extends Found>(
  query: Query,
  answers: readonly Answer<F>[],
  keyOf: (term: string) => string,
): { hits: Hit<F>[]; statistics: Statistics } {
  const statistics = mergeStatistics(query, answers, keyOf);
  return { hits: rank(query, newest(answers), statistics), statistics };
}
