import { equalBytes, parseTrader } from '../ids.js';
import type { Filterable } from './filters.js';
import { browseKeys } from './posting-keys.js';

const TERM_PREFIX = 'term:';
/** Different categories and places whose keys one question remembers. */
const MOST_JUDGED = 10_000;

/** The term of a key that stands for one. */
export function termOfKey(key: string): string | undefined {
  return key.startsWith(TERM_PREFIX) ? key.slice(TERM_PREFIX.length) : undefined;
}

/**
 * Whether a card stands under a key that is not a term's, by what its summary says. With several keys in a question each card
 * counts only under the first that it stands under, at every node alike, so that counts of different keys add up.
 */
export function standsUnder(key: string): (card: Filterable, id: string) => boolean {
  const colon = key.indexOf(':');
  const rest = key.slice(colon + 1);
  switch (key.slice(0, colon)) {
    case 'listing':
      return (_, id) => id === rest;
    case 'seller': {
      const trader = traderOf(rest);
      return (card) => trader !== undefined && equalBytes(card.trader, trader);
    }
    case 'cat':
    case 'geo':
      return browsed(key);
    default:
      return () => false;
  }
}

/** Catalogues have few categories and places, so the keys of each are made once. */
function browsed(key: string): (card: Filterable) => boolean {
  const judged = new Map<string, boolean>();
  return ({ summary: { category, place } }) => {
    const texts = `${category.join('\0')}\0\0${place?.join('\0') ?? ''}`;
    let verdict = judged.get(texts);
    if (verdict === undefined) {
      verdict = browseKeys({ category, place }).includes(key);
      if (judged.size < MOST_JUDGED) judged.set(texts, verdict);
    }
    return verdict;
  };
}

function traderOf(text: string): Uint8Array | undefined {
  try {
    return parseTrader(text);
  } catch {
    return undefined;
  }
}
