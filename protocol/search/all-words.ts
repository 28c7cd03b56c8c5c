import { ABSENT } from './analysis.js';
import { isAmong, type CardIndex } from './index-terms.js';
import type { Query } from './query.js';

/**
 * Which cards answer a query: what has any of its words; only what has all of them; or what has all of them and, where nothing has,
 * what has any. By relevance all words come first by themselves; by price or date everything cheap or new that has one of the words
 * would come before what was looked for.
 */
export const MATCHES = ['any', 'all', 'all-else-any'] as const;
export type Match = (typeof MATCHES)[number];

/**
 * Whether a card has every word of a query, in whatever field, and none that it excludes: what a watch tells of, and what a
 * search by price or date shows, where one by relevance would rank what has only some of them. A compound stands for its parts and they for it; "without X" lets X stand where the card
 * says that there is none.
 */
export function hasAllWords(query: Query, index: CardIndex): boolean {
  const has = (term: string): boolean => index.some(([, , text]) => isAmong(text, term));
  const isCovered = (word: string): boolean =>
    query.compounds.some(({ whole, parts }) => parts.includes(word) && has(whole));
  return (
    query.words.every((word) => has(word) || isCovered(word)) &&
    query.excluded.every((word) => !has(word) || has(ABSENT + word))
  );
}
