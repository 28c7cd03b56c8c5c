// What to search for: words out of the titles of listings that are there.
import { random, shuffled } from './random.mjs';

/** Words of four letters or more: shorter ones are mostly stop words. */
const WORD = /[\p{L}]{4,}/gu;

/**
 * Two words out of one title each, no word in more than one of them: whoever asks them one after the other asks new words
 * every time.
 * @param {readonly {title: string}[]} listings
 * @param {number} count
 * @returns {{words: string[], title: string}[]} at most so many; `title` is of the listing that has both
 */
export function newWords(listings, count, seed = 1) {
  const next = random(seed);
  const used = new Set();
  const questions = [];
  for (const { title } of shuffled(listings, next)) {
    if (questions.length === count) break;
    const words = [...new Set(title.toLowerCase().match(WORD) ?? [])].filter((word) => !used.has(word));
    if (words.length < 2) continue;
    const two = shuffled(words, next).slice(0, 2);
    // All of them: "lamp" and "lamps" are one word to a stemmer.
    for (const word of words) used.add(word);
    questions.push({ words: [two.join(' ')], title });
  }
  return questions;
}

/** Whole titles, which must find their listing. */
export function titles(listings, count, seed = 1) {
  return shuffled(listings, random(seed))
    .slice(0, count)
    .map(({ title, sku, id = sku }) => ({ words: [title], title, id }));
}
