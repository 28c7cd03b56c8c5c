import { hasAllWords } from '../../protocol/search/all-words.js';
import { capPerSeller } from '../../protocol/search/diversity.js';
import { FEEDBACK, rerank, type Feedback } from '../../protocol/search/feedback.js';
import { matcher } from '../../protocol/search/filters.js';
import { rank, type Hit } from '../../protocol/search/merge.js';
import { currenciesByUse, sortHits } from '../../protocol/search/sort.js';
import type { Money } from '../../protocol/money.js';
import type { Statistics } from '../../protocol/search/bm25f.js';
import type { Harvest } from './harvest.js';
import { matchOf, type Question } from './question.js';
import type { Version } from './version.js';

/** Rounds of ranking without what turned out to be forged; then only what holds is left in. */
const ROUNDS = 20;

/** What an order looked at of a hit: for `newest` its time, for `price` its price and where its currency stands among those of all. */
export type SortKey =
  | { readonly by: 'relevance' }
  | { readonly by: 'newest'; readonly created: number }
  | { readonly by: 'price'; readonly price: Money | null; readonly currencies: readonly string[] };

/** A hit with what brought it to its place. */
export interface Ranked {
  readonly id: string;
  /** In units of a thousandth, feedback included. */
  readonly score: number;
  readonly version: Version;
  readonly sortKey: SortKey;
  readonly feedback: Feedback | undefined;
  /** It came behind the first hits because its seller has enough among them. */
  readonly capped: boolean;
  /** It came behind those found before: it was found only when a page needed more. Default: no. */
  readonly late?: boolean;
}

export interface RankOptions {
  readonly question: Question;
  readonly statistics: Statistics;
  /** Signatures are checked of so many hits from the first on. */
  readonly checked: number;
  readonly now: number;
  /** What is not shown: of a blocked trader, or known to be false. */
  readonly isHidden: (version: Version) => boolean;
}

/** All hits in order. Of the first `checked` every signature holds; the others are to be checked before they are shown. */
export function rankHarvest(harvest: Harvest, options: RankOptions): Ranked[] {
  for (let round = 1; ; round++) {
    const { first, ranked, aside } = rankOnce(harvest, options);
    const doubtful = new Set([...first, ...ranked.slice(0, options.checked).map(({ id }) => id), ...aside]);
    const forged = [...doubtful].filter((id) => !harvest.holds(id));
    if (forged.length === 0) return ranked;
    if (round === ROUNDS) return ranked.filter(({ id }) => harvest.holds(id));
  }
}

/** How many answer a question and are not to be shown. */
export function hiddenIn(harvest: Harvest, options: Pick<RankOptions, 'question' | 'now' | 'isHidden'>): number {
  return fittingIn(harvest, options).filter(options.isHidden).length;
}

/** What is known of the listings that a question's filters let through, and that stand now. */
function fittingIn(harvest: Harvest, { question, now }: Pick<RankOptions, 'question' | 'now'>): Version[] {
  const passes = matcher(question.filters);
  return harvest.versions().filter((version) => {
    const { trader } = version.card.record.payload;
    return passes({ trader, summary: version.summary }) && harvest.validUntil(version) > now;
  });
}

/**
 * @returns the ids of the best, all hits, and what is no hit though it was sent as one: nodes send what answers, so that it may be a forged
 *   card in place of one that does
 */
function rankOnce(harvest: Harvest, options: RankOptions): { first: string[]; ranked: Ranked[]; aside: string[] } {
  const { question, statistics, isHidden } = options;
  const fitting = fittingIn(harvest, options).filter((version) => !isHidden(version));
  const byScore = answering(question, rank(question.query, fitting, statistics));
  // The best hits say what others are moved up for: none of them may be forged.
  const first = question.sort === 'relevance' ? byScore.slice(0, FEEDBACK.best).map(({ id }) => id) : [];
  const ordered = inOrder(byScore, options);
  const capped = capPerSeller(ordered, ({ card }) => card.trader, question.perSeller);
  const places = new Map(ordered.map(({ id }, place) => [id, place]));
  const ranked = capped.map((hit, place): Ranked => ({
    id: hit.id,
    score: hit.score,
    version: hit.card,
    sortKey: hit.sortKey,
    feedback: 'feedback' in hit ? hit.feedback : undefined,
    capped: place > (places.get(hit.id) ?? 0),
  }));
  const aside = harvest.versions().filter((version) => !places.has(version.id) && !isHidden(version));
  return { first, ranked, aside: aside.map(({ id }) => id) };
}

/** Those that answer a question: where its order says nothing of how well they do, those with all words, if there are any. */
function answering(question: Question, hits: readonly Hit<Version>[]): readonly Hit<Version>[] {
  if (matchOf(question) === 'any') return hits;
  const all = hits.filter(({ card }) => hasAllWords(question.query, card.index));
  return all.length > 0 ? all : hits;
}

/** Whether hits of a question had to do that have only some of its words, though its order would need all. */
export function hasAnyWordOnly(question: Question, hits: readonly Ranked[]): boolean {
  const [first] = hits;
  return first !== undefined && matchOf(question) !== 'any' && !hasAllWords(question.query, first.version.index);
}

type Ordered = Hit<Version> & { readonly sortKey: SortKey; readonly feedback?: Feedback };

function inOrder(hits: readonly Hit<Version>[], { question, now }: RankOptions): readonly Ordered[] {
  const { sort, query } = question;
  if (sort === 'relevance') {
    const reranked = rerank(query, hits, ({ summary }) => summary.category);
    return reranked.map((hit) => ({ ...hit, sortKey: { by: sort } }));
  }
  const sortable = hits.map((hit) => ({
    ...hit,
    // A seller's clock may run ahead; nothing is newer than now.
    created: Math.min(hit.card.card.record.payload.created, now),
    price: hit.card.summary.price,
  }));
  const currencies = currenciesByUse(sortable);
  return sortHits(sort, sortable).map(({ created, price, ...hit }) => ({
    ...hit,
    sortKey: sort === 'newest' ? { by: sort, created } : { by: sort, price, currencies },
  }));
}
