import { byScore } from './local-index.js';
import type { Hit, Found } from './merge.js';

/** How many of the best hits say which categories are meant. */
const BEST_HITS = 20;
/** What a card gains that shares its whole category with all of them, as a share of the best score. */
const STRENGTH = 0.3;
/** The most special level and the one above it, each for half: sellers agree on the wider one only. */
const LEVELS = [0, 1] as const;

/**
 * Moves up the hits that are of the categories that the best hits are of (pseudo-relevance feedback): "ugg" finds
 * slippers, so slippers that match as well come before cleaners for them. Measured on the dev queries: recall@50 .827 →
 * .848, nDCG@10 the same. The reader does it once, over merged hits.
 */
export function favourCategories<F extends Found>(
  hits: readonly Hit<F>[],
  categoryOf: (card: F) => readonly string[],
): Hit<F>[] {
  const [best] = hits;
  if (best === undefined || best.score === 0) return [...hits];
  const weights = new Map<string, number>();
  let total = 0;
  for (const { card, score } of hits.slice(0, BEST_HITS)) {
    total += score;
    for (const path of pathsOf(categoryOf(card))) weights.set(path, (weights.get(path) ?? 0) + score);
  }
  return hits
    .map((hit) => {
      const shared = pathsOf(categoryOf(hit.card)).reduce((sum, path) => sum + (weights.get(path) ?? 0), 0);
      return { ...hit, score: hit.score + Math.round((STRENGTH * best.score * shared) / (total * LEVELS.length)) };
    })
    .sort(byScore);
}

/** The category and the one above it, as text that no other path has; none for a card without category. */
function pathsOf(category: readonly string[]): string[] {
  return category.length === 0
    ? []
    : LEVELS.map((level) => `${level}\n${category.slice(0, Math.max(0, category.length - level)).join('\n')}`);
}
