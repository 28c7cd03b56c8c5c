import { idf } from './bm25f.js';
import { FIELD, type CardIndex } from './index-terms.js';
import { byScore } from './local-index.js';
import type { Found, Hit } from './merge.js';
import { termsOfQuery, type Query } from './query.js';

/** What the best hits may change, and by how much. */
export interface FeedbackOptions {
  /** How many of the best hits say what is meant. */
  readonly best: number;
  /** What a card gains that is of the category of all of them, as a share of the best score. */
  readonly category: number;
  /** What a card gains whose title has all the words that theirs share, as a share of the best score. */
  readonly title: number;
  /** How many of those words count, the most telling first. */
  readonly titleTerms: number;
}

/**
 * Round numbers: over the ESCI dev queries, halving or doubling any one of them moves nDCG@10 by −.013 to +.001
 * (bench/relevance.mjs), so their order of size is what counts. The first page of hits is looked at: fewer are often
 * one shop's copies of one thing, more are off the subject.
 */
export const FEEDBACK: FeedbackOptions = { best: 20, category: 0.3, title: 0.2, titleTerms: 20 };

/**
 * Hits among which a word is common or rare: what one answer brings. The words of the query are in all of them, so that
 * what they share beyond it shows; and no node need be asked how rare the words of strangers' titles are.
 */
const RARITY_HITS = 100;
/** The most special level and the one above it, each for half: sellers agree on the wider one only. */
const LEVELS = [0, 1] as const;

/** What the best hits gave to one, in the unit of scores. */
export interface Feedback {
  /** For being of the categories that the best hits are of. */
  readonly category: number;
  /** For having the words that the titles of the best hits share. */
  readonly title: number;
}

/** A hit whose score has the feedback in it. */
export interface RerankedHit<F extends Found> extends Hit<F> {
  readonly feedback: Feedback;
}

/**
 * Moves up the hits that are like the best hits (pseudo-relevance feedback, after Rocchio 1971): "ugg" finds slippers,
 * so slippers that match as well come before cleaners for them. The reader does it once, over all merged hits in order
 * of score; no hit is added or lost.
 */
export function rerank<F extends Found>(
  query: Query,
  hits: readonly Hit<F>[],
  categoryOf: (card: F) => readonly string[],
  options: FeedbackOptions = FEEDBACK,
): RerankedHit<F>[] {
  const [first] = hits;
  if (first === undefined || first.score === 0)
    return hits.map((hit) => ({ ...hit, feedback: { category: 0, title: 0 } }));
  const categories = categoriesOf(hits.slice(0, options.best), categoryOf);
  const words = titleWordsOf(query, hits, options);
  return hits
    .map((hit) => {
      const category = Math.round(options.category * first.score * share(categories, pathsOf(categoryOf(hit.card))));
      const title = Math.round(options.title * first.score * share(words, titleTerms(hit.card.index)));
      return { ...hit, score: hit.score + category + title, feedback: { category, title } };
    })
    .sort(byScore);
}

function share(weights: ReadonlyMap<string, number>, of: readonly string[]): number {
  return of.reduce((sum, each) => sum + (weights.get(each) ?? 0), 0);
}

/** How much of the best hits' score is of each category; of one category alone, its two levels make 1. */
function categoriesOf<F extends Found>(
  best: readonly Hit<F>[],
  categoryOf: (card: F) => readonly string[],
): Map<string, number> {
  const total = best.reduce((sum, { score }) => sum + score, 0) * LEVELS.length;
  const weights = new Map<string, number>();
  for (const { card, score } of best)
    for (const path of pathsOf(categoryOf(card))) weights.set(path, (weights.get(path) ?? 0) + score / total);
  return weights;
}

/** The category and the one above it, as text that no other path has; none for a card without category. */
function pathsOf(category: readonly string[]): string[] {
  return category.length === 0
    ? []
    : LEVELS.map((level) => `${level}\n${category.slice(0, Math.max(0, category.length - level)).join('\n')}`);
}

/**
 * The words that the best hits' titles share and that are rarer among the others, by how much of the best score has
 * them times their rarity; together 1.
 */
function titleWordsOf(query: Query, hits: readonly Hit<Found>[], { best, titleTerms: most }: FeedbackOptions) {
  const asked = new Set(termsOfQuery(query));
  const around = hits.slice(0, RARITY_HITS);
  const found = new Map<string, { score: number; df: number }>();
  around.forEach(({ card, score }, place) => {
    for (const term of titleTerms(card.index)) {
      if (asked.has(term)) continue;
      const entry = found.get(term);
      const gain = place < best ? score : 0;
      if (entry === undefined) found.set(term, { score: gain, df: 1 });
      else {
        entry.score += gain;
        entry.df++;
      }
    }
  });
  const telling = [...found]
    .filter(([, { score }]) => score > 0)
    .map(([term, { score, df }]) => ({ term, weight: score * idf(df, around.length) }))
    .sort((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1))
    .slice(0, most);
  const total = telling.reduce((sum, { weight }) => sum + weight, 0);
  return new Map(telling.map(({ term, weight }) => [term, weight / total]));
}

function titleTerms(index: CardIndex): string[] {
  return index.flatMap(([fields, , text]) => ((fields & FIELD.TITLE) === 0 ? [] : text.split(' ')));
}
