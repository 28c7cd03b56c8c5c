import { ABSENT } from './analysis.js';
import { termsOf, type CardIndex } from './index-terms.js';
import type { Query } from './query.js';

/**
 * Whether a card has every word of a query, in whatever field, and none that it excludes: what a watch tells of, where a search
 * would rank what has only some of them. A compound stands for its parts and they for it; "without X" lets X stand where the card
 * says that there is none.
 */
export function hasAllWords(query: Query, index: CardIndex): boolean {
  const terms = termsOf(index);
  const covered = new Set(query.compounds.filter(({ whole }) => terms.has(whole)).flatMap(({ parts }) => parts));
  return (
    query.words.every((word) => terms.has(word) || covered.has(word)) &&
    query.excluded.every((word) => !terms.has(word) || terms.has(ABSENT + word))
  );
}
